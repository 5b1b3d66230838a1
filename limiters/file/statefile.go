package filelimiter

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"sync"
	"time"
)

// stateFile is the store of a file. It opens the file for each token, so that
// one that was removed or replaced is noticed.
type stateFile struct {
	path   string
	limits limits
	clock  func() reading
	logger func() *slog.Logger

	once sync.Once // for the Warn about other limits
}

// errBusy says that another process kept the lock.
var errBusy = errors.New("another process has locked it")

// maxUpdate bounds the attempt to free a token that is not going to be used.
const maxUpdate = 50 * time.Millisecond

// check finds what is wrong with the file, and makes it if it is not there.
func (f *stateFile) check() error {
	ctx, cancel := context.WithTimeout(context.Background(), maxPatience)
	defer cancel()
	err := f.update(ctx, true, func(*state, time.Duration) {})
	if errors.Is(err, errBusy) {
		return nil
	}
	return err
}

func (f *stateFile) reserve(ctx context.Context, unused int64, timeLeft time.Duration) (r reservation, err error) {
	err = f.update(ctx, false, func(s *state, now time.Duration) {
		s.release(time.Duration(unused))
		at, ok := s.reserve(now, now+min(timeLeft, horizon), f.limits)
		r.wait = at - now
		if ok {
			r.token = int64(at)
		}
		offset := s.offset
		r.late = func() time.Duration { return f.clock().up + offset - at }
	})
	return r, err
}

func (f *stateFile) release(token int64) {
	ctx, cancel := context.WithTimeout(context.Background(), maxUpdate)
	defer cancel()
	// What can't be given back is one token less for everybody, once.
	_ = f.update(ctx, false, func(s *state, _ time.Duration) { s.release(time.Duration(token)) })
}

// update changes the state under the lock. A file that is empty is made a state
// file, which is as it should be if it is new, and a Warn if not.
func (f *stateFile) update(ctx context.Context, isNew bool, change func(s *state, now time.Duration)) error {
	file, err := f.open(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = errors.Join(unlock(file), file.Close()) }()
	r := f.clock()
	s, capacity, err := load(file)
	if errors.Is(err, errDamaged) || errors.Is(err, errEmpty) {
		f.warnOfLoss(err, isNew)
		s, err = newState(r, f.limits), nil
	}
	if err != nil {
		return &os.PathError{Op: "read", Path: f.path, Err: err}
	}
	f.warnOfOtherLimits(s)
	change(s, s.now(r))
	s.limits = f.limits
	return save(file, s, capacity)
}

func (f *stateFile) warnOfLoss(err error, isNew bool) {
	if isNew && errors.Is(err, errEmpty) {
		return
	}
	f.logger().Warn("filelimiter: what was sent in the last hour is not known, so the limits begin anew", "error", err.Error(), "file", f.path)
}

func (f *stateFile) warnOfOtherLimits(s *state) {
	if s.limits == f.limits {
		return
	}
	f.once.Do(func() {
		f.logger().Warn("filelimiter: processes that share the file have other limits than this one", "file", f.path,
			"interval", s.limits.interval, "burst", s.limits.burst, "hourly", s.limits.perHour)
	})
}

// open returns the file, locked. It tries again and again until ctx ends: a call
// that waits for the lock by itself can't be called off.
// Processes that have the lock in the meantime, one after the other, are no
// outage, however busy the machine is.
func (f *stateFile) open(ctx context.Context) (*os.File, error) {
	before := f.changed()
	for pause := 100 * time.Microsecond; ; pause = min(2*pause, 5*time.Millisecond) {
		file, err := f.tryOpen()
		if !errors.Is(err, errBusy) {
			return file, err
		}
		select {
		case <-time.After(pause/2 + rand.N(pause)):
		case <-ctx.Done():
			if f.changed() != before {
				return nil, fmt.Errorf("%w: %w", errAskAgain, err)
			}
			return nil, fmt.Errorf("%w: %w", err, ctx.Err())
		}
	}
}

// changed returns when a process last wrote the state; 0 if that is not known.
func (f *stateFile) changed() int64 {
	info, err := os.Stat(f.path)
	if err != nil {
		return 0
	}
	return info.ModTime().UnixNano()
}

func (f *stateFile) tryOpen() (*os.File, error) {
	file, err := os.OpenFile(f.path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	err = lockCurrent(file)
	if err != nil {
		_ = file.Close()
		return nil, &os.PathError{Op: "lock", Path: f.path, Err: err}
	}
	return file, nil
}

// lockCurrent locks the file if it still has its name: another one can have
// taken it since it was opened.
func lockCurrent(file *os.File) error {
	opened, err := file.Stat()
	if err != nil {
		return err
	}
	if !opened.Mode().IsRegular() {
		return errors.New("it is not a regular file")
	}
	if err := tryLock(file); err != nil {
		return err
	}
	named, err := os.Stat(file.Name())
	if err != nil || !os.SameFile(opened, named) {
		return errBusy
	}
	return nil
}

// load returns the state and the capacity of the file.
func load(file *os.File) (s *state, capacity int, err error) {
	b, err := readAt(file, preambleSize, 0)
	if err != nil {
		return nil, 0, err
	}
	capacity, err = parsePreamble(b)
	if err != nil {
		return nil, 0, err
	}
	size := recordSize(capacity)
	b, err = readAt(file, 2*size, preambleSize)
	if err == nil && len(b) < 2*size {
		err = errDamaged
	}
	if err != nil {
		return nil, 0, err
	}
	s = newest(parseRecord(b[:size]), parseRecord(b[size:]))
	if s == nil {
		return nil, 0, errDamaged
	}
	return s, capacity, nil
}

func newest(a, b *state) *state {
	if a == nil || b != nil && b.sequence > a.sequence {
		return b
	}
	return a
}

// readAt reads up to n bytes.
func readAt(file *os.File, n, offset int) ([]byte, error) {
	b := make([]byte, n)
	n, err := file.ReadAt(b, int64(offset))
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return b[:n], err
}

// save writes the state beside the one before. If there is no room for it the
// whole file is written, which is so when it is new, or made for lower limits.
func save(file *os.File, s *state, capacity int) error {
	s.sequence++
	needed := max(s.limits.capacity(), len(s.slots))
	if needed > capacity {
		return saveWhole(file, s, needed)
	}
	place := preambleSize + int(s.sequence%2)*recordSize(capacity)
	_, err := file.WriteAt(appendRecord(nil, s), int64(place))
	return err
}

// saveWhole writes every byte, so that a full disk is noticed here.
func saveWhole(file *os.File, s *state, capacity int) error {
	b := formatPreamble(capacity)
	b = append(b, make([]byte, int(s.sequence%2)*recordSize(capacity))...)
	b = appendRecord(b, s)
	b = append(b, make([]byte, fileSize(capacity)-len(b))...)
	_, err := file.WriteAt(b, 0)
	return err
}
