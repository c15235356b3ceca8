package images

import (
	"debug/elf"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// libraryFolders are where Debian and its kin keep shared libraries, in the
// order of the dynamic loader.
var libraryFolders = []string{"/lib/*-linux-gnu", "/usr/lib/*-linux-gnu", "/lib64", "/usr/lib64", "/lib", "/usr/lib"}

// libraries returns the loader and all shared libraries that the programs
// need, each at the path by which it is found.
func libraries(programs ...string) (map[string]string, error) {
	found := map[string]string{}
	for _, p := range programs {
		if err := follow(p, found); err != nil {
			return nil, fmt.Errorf("find libraries of %s: %w", p, err)
		}
	}
	files := map[string]string{}
	for _, path := range found {
		files[path] = path
	}
	return files, nil
}

// follow adds what one program or library needs to found, by name.
func follow(path string, found map[string]string) error {
	f, err := elf.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if loader, err := interpreter(f); err != nil {
		return err
	} else if loader != "" {
		found[filepath.Base(loader)] = loader
	}
	needed, err := f.ImportedLibraries()
	if err != nil {
		return err
	}
	for _, name := range needed {
		if found[name] != "" {
			continue
		}
		library, err := locate(name)
		if err != nil {
			return err
		}
		found[name] = library
		if err := follow(library, found); err != nil {
			return err
		}
	}
	return nil
}

// interpreter returns the path of the dynamic loader, or "" where the file
// needs none.
func interpreter(f *elf.File) (string, error) {
	for _, p := range f.Progs {
		if p.Type != elf.PT_INTERP {
			continue
		}
		text := make([]byte, p.Filesz)
		if _, err := p.ReadAt(text, 0); err != nil {
			return "", err
		}
		return string(text[:max(len(text)-1, 0)]), nil
	}
	return "", nil
}

func locate(name string) (string, error) {
	for _, folder := range libraryFolders {
		paths, err := filepath.Glob(filepath.Join(folder, name))
		if err != nil {
			return "", err
		}
		for _, path := range paths {
			if _, err := os.Stat(path); err == nil {
				return path, nil
			}
		}
	}
	return "", fmt.Errorf("locate %s: %w", name, fs.ErrNotExist)
}
