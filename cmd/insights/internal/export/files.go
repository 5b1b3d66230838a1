package export

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// files are the names that belong to an export.
type files struct {
	final string // is there when it is complete
	part  string // what is written so far
	state string // how to go on
	lock  string // keeps a second process away
}

func filesOf(final string) files {
	return files{final, final + ".part", final + ".state", final + ".lock"}
}

func exists(file string) bool {
	_, err := os.Lstat(file)
	return !errors.Is(err, fs.ErrNotExist)
}

// findFolder reports a folder that is missing by its own name: the first file
// that would fail is one that the user has not named.
func findFolder(file string) error {
	dir := filepath.Dir(file)
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("--output: there is no folder %s; make it first", dir)
	case err != nil:
		return fmt.Errorf("--output: %w", err)
	case !info.IsDir():
		return fmt.Errorf("--output: %s is not a folder", dir)
	}
	return nil
}

// part is the file that an export writes to. What lies behind size is not part
// of it, whatever a crash left there.
type part struct {
	*os.File
	size int64
}

// openPart opens a file that must have at least size bytes, and forgets what
// comes after these.
func openPart(file string, size int64) (*part, error) {
	flags := os.O_RDWR
	if size == 0 {
		flags |= os.O_CREATE
	}
	f, err := os.OpenFile(file, flags, 0o666)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%w; --restart begins anew", err)
	}
	if err != nil {
		return nil, err
	}
	syncDir(file)
	p := &part{f, size}
	if err := p.cutBack(); err != nil {
		_ = f.Close() // nothing was written
		return nil, err
	}
	return p, nil
}

// cutBack cuts off what lies behind size.
func (p *part) cutBack() error {
	is, err := p.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	if is < p.size {
		return fmt.Errorf("%s has %d bytes, and %d were written; --restart begins anew", p.Name(), is, p.size)
	}
	if err := p.Truncate(p.size); err != nil {
		return err
	}
	_, err = p.Seek(p.size, io.SeekStart)
	return err
}

// append adds data, and returns when it is on the disk.
func (p *part) append(data []byte) error {
	_, err := p.Write(data)
	if err == nil {
		err = p.Sync()
	}
	if err != nil {
		return errors.Join(err, p.cutBack())
	}
	p.size += int64(len(data))
	return nil
}

// replaceFile writes a file so that at any moment, also after a crash, it is
// either the old or the new one.
func replaceFile(file string, data []byte) error {
	next := file + ".new"
	if err := writeFile(next, data); err != nil {
		_ = os.Remove(next) // it may not be there
		return err
	}
	return os.Rename(next, file)
}

// writeFile writes a file to the disk.
func writeFile(file string, data []byte) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Sync(), f.Close())
}

// syncDir has the names beside a file written to the disk, where the system
// can do that.
func syncDir(file string) {
	if dir, err := os.Open(filepath.Dir(file)); err == nil {
		_ = errors.Join(dir.Sync(), dir.Close())
	}
}
