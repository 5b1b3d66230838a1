package teardown

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"time"
)

// shared is what the packages of one build know together.
type shared struct {
	Began    time.Time `json:"began"`    // of the first package
	Sessions int       `json:"sessions"` // of all packages so far
	Used     time.Time `json:"used"`
	Turn     int       `json:"turn"`    // of the last package that began a report
	Written  int       `json:"written"` // the turn of the report that was written last
}

// maxAge is how long after their last use a build's figures are forgotten.
const maxAge = 6 * time.Hour

// build is a package's place in what the packages share.
type build struct {
	folder string // empty: nothing is shared, as the folder can't be used
	known  shared
	turn   int
}

// joinBuild adds what this package knows, and takes a turn. If nothing can be
// shared, the package is by itself.
func joinBuild(temp string, s settings) *build {
	alone := shared{Began: s.began, Sessions: s.sessions}
	b := &build{folder: filepath.Join(temp, "insights-teardown-"+nameOf(s)), known: alone}
	if err := os.MkdirAll(b.folder, 0o700); err != nil {
		b.folder = ""
		return b
	}
	locked := b.locked(func() error {
		known, err := b.read()
		if err != nil || time.Since(known.Used) > maxAge {
			known = shared{}
		}
		if known.Began.IsZero() || s.began.Before(known.Began) {
			known.Began = s.began
		}
		known.Sessions += s.sessions
		known.Turn++
		b.known, b.turn = known, known.Turn
		return b.write()
	})
	if locked != nil {
		b.folder, b.known = "", alone
	}
	return b
}

// nameOf tells the builds of accounts and outputs apart.
func nameOf(s settings) string {
	sum := sha256.Sum256([]byte(os.Getenv("SAUCE_USERNAME") + "\x00" + s.build + "\x00" + s.file + "\x00" + s.jobSummary))
	return hex.EncodeToString(sum[:8])
}

func (b *build) read() (known shared, err error) {
	content, err := os.ReadFile(filepath.Join(b.folder, "build.json"))
	if err != nil {
		return known, err
	}
	return known, json.Unmarshal(content, &known)
}

func (b *build) write() error {
	b.known.Used = time.Now()
	content, err := json.Marshal(b.known)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(b.folder, "build.json"), content, 0o600)
}

// ifLatest writes a report unless a package that began its own later has
// written one already.
func (b *build) ifLatest(write func() error) error {
	if b.folder == "" {
		return write()
	}
	return b.locked(func() error {
		known, err := b.read()
		if err == nil && known.Written > b.turn {
			return nil
		}
		if err := write(); err != nil {
			return err
		}
		known.Written = b.turn
		b.known = known
		return b.write()
	})
}
