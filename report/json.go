package report

import (
	"encoding/json"
	"io"
)

// WriteJSON writes one indented JSON object: summary is the [Summary] in full,
// gate (with decision, passed and breaches) and comparison (a [Comparison]) are there if
// the options have them. It fails with the writer's error, or with that of
// [Gate.Validate].
func WriteJSON(w io.Writer, s *Summary, opts WriteOptions) error {
	v, err := judgementOf(s, opts.Gate)
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(struct {
		Summary    *Summary    `json:"summary"`
		Gate       *judgement  `json:"gate,omitempty"`
		Comparison *Comparison `json:"comparison,omitempty"`
	}{s, v, opts.Comparison})
}
