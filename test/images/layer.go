package images

import (
	"archive/tar"
	"fmt"
	"io"
	"os"
	"path"
	"runtime"
	"strings"
)

const architecture = runtime.GOARCH

// File is one file, link or folder of an image. Folders above it are made.
type File struct {
	// Path is absolute.
	Path string
	// From is the file on this machine that it is a copy of. It is followed
	// where it is a link. Its content is part of the image, its name is not.
	From string `json:"-"`
	// Link is what it points to, for a symbolic link.
	Link string `json:",omitempty"`
	// Content is what it holds, where it is neither a copy nor a link.
	Content []byte `json:",omitempty"`
	// Mode is 0755 where zero. A folder has os.ModeDir in it.
	Mode os.FileMode `json:",omitempty"`
}

// writeLayer writes the files as a tar whose bytes depend on nothing else:
// all belong to root and have no time.
func writeLayer(w io.Writer, files []File) error {
	l := &layer{out: tar.NewWriter(w), folders: map[string]bool{"/": true}}
	for _, f := range files {
		if err := l.add(f); err != nil {
			return fmt.Errorf("add %s: %w", f.Path, err)
		}
	}
	return l.out.Close()
}

type layer struct {
	out     *tar.Writer
	folders map[string]bool
}

func (l *layer) add(f File) error {
	if !path.IsAbs(f.Path) {
		return fmt.Errorf("path is not absolute")
	}
	if err := l.folder(path.Dir(f.Path), 0o755); err != nil {
		return err
	}
	switch {
	case f.Mode.IsDir():
		return l.folder(f.Path, f.Mode)
	case f.Link != "":
		return l.out.WriteHeader(&tar.Header{Typeflag: tar.TypeSymlink, Name: relative(f.Path), Linkname: f.Link, Mode: 0o777})
	case f.From != "":
		return l.copy(f)
	}
	if err := l.header(f, int64(len(f.Content))); err != nil {
		return err
	}
	_, err := l.out.Write(f.Content)
	return err
}

func (l *layer) copy(f File) error {
	info, err := os.Stat(f.From)
	if err != nil {
		return err
	}
	if err := l.header(f, info.Size()); err != nil {
		return err
	}
	return copyFile(l.out, f.From)
}

func (l *layer) header(f File, size int64) error {
	mode := int64(f.Mode.Perm())
	if mode == 0 {
		mode = 0o755
	}
	return l.out.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: relative(f.Path), Size: size, Mode: mode})
}

func (l *layer) folder(name string, mode os.FileMode) error {
	if l.folders[name] {
		return nil
	}
	if err := l.folder(path.Dir(name), 0o755); err != nil {
		return err
	}
	l.folders[name] = true
	bits := int64(mode.Perm())
	if mode&os.ModeSticky != 0 {
		bits |= 0o1000
	}
	return l.out.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: relative(name) + "/", Mode: bits})
}

func relative(name string) string { return strings.TrimPrefix(name, "/") }
