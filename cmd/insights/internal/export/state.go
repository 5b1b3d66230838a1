package export

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/sauceinsights/insights"
)

const stateVersion = 3

// state is what it takes to go on with an export.
type state struct {
	Version   int             `json:"version"`
	Source    string          `json:"source"`    // whom the runs come from
	Selection string          `json:"selection"` // the flags that select them
	Period    insights.Period `json:"period"`    // what the period was when the export began
	Runs      int             `json:"runs"`      // in the first Bytes of the part file
	Bytes     int64           `json:"bytes"`
	Cursor    insights.Cursor `json:"cursor"`           // behind the last of these
	Reached   time.Time       `json:"reached,omitzero"` // the creation time of that one
	Seam      seam            `json:"seam"`             // the second of that one
	Before    seam            `json:"before"`           // the last second of the export before, with --since-last
	Complete  bool            `json:"complete"`         // that is all: the part file has only to be renamed
}

// loadState reads a state. There may be none.
func loadState(file string) (st state, found bool, err error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return st, false, nil
	}
	if err != nil {
		return st, false, err
	}
	if err := json.Unmarshal(text, &st); err != nil {
		return st, false, fmt.Errorf("%s is damaged: %w; --restart begins anew", file, err)
	}
	if st.Version != stateVersion {
		return st, false, fmt.Errorf("%s is of version %d, and this program writes version %d; --restart begins anew", file, st.Version, stateVersion)
	}
	return st, true, nil
}

func (st state) save(file string) error {
	text, err := json.Marshal(st)
	if err != nil {
		return err
	}
	return replaceFile(file, append(text, '\n'))
}

// isOf reports an export of other runs than now asked for.
func (st state) isOf(source, selection, file string) error {
	switch {
	case st.Source != source:
		return fmt.Errorf("%s was begun with the runs of %s, not of %s; --restart begins anew", file, st.Source, source)
	case st.Selection != selection:
		return fmt.Errorf("%s was begun with %s, not with %s; --restart begins anew", file, st.Selection, selection)
	}
	return nil
}
