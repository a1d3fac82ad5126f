package spec

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/diag"
)

// A Set is what Load has read.
type Set struct {
	Specs    []*Spec // in the order of files, and in a file of documents
	Problems diag.Problems
	Files    []string // the files that were read
	Skipped  []string // YAML files of folders that are no specs
	Sources  map[string][]byte
}

// Load reads spec files and folders. A folder stands for all .yaml and .yml
// files in and below it that say "apiVersion: ecactl/…"; a file that is named
// is a spec whatever it says. "-" is the reader stdin.
func Load(paths []string, stdin io.Reader, o Options) (*Set, error) {
	set := &Set{Sources: map[string][]byte{}}
	var files []specFile
	for _, p := range paths {
		found, err := find(p)
		if err != nil {
			return nil, err
		}
		files = append(files, found...)
	}
	files = slices.CompactFunc(files, func(a, b specFile) bool { return a.name == b.name })
	results := make([]loaded, len(files))
	metadata.Each(len(files), func(i int) { results[i] = load(files[i], stdin, o) })
	for i, r := range results {
		if r.skipped {
			set.Skipped = append(set.Skipped, files[i].name)
			continue
		}
		set.Files = append(set.Files, files[i].name)
		set.Sources[files[i].name] = r.src
		set.Specs = append(set.Specs, r.specs...)
		set.Problems = append(set.Problems, r.problems...)
	}
	if len(set.Files) == 0 {
		return nil, &diag.Problem{
			Pos: diag.Pos{File: strings.Join(paths, ", ")}, Code: "ECA018", Message: "no specs found",
			Hint: "a spec is a YAML file that begins with  apiVersion: " + FormatVersion + "; ecactl init writes one",
		}
	}
	return set, nil
}

type specFile struct {
	name  string
	named bool // by the caller, not found in a folder
}

type loaded struct {
	src      []byte
	specs    []*Spec
	problems diag.Problems
	skipped  bool
}

func find(p string) ([]specFile, error) {
	if p == "-" {
		return []specFile{{p, true}}, nil
	}
	info, err := os.Stat(p)
	if err != nil {
		return nil, &diag.Problem{Pos: diag.Pos{File: p}, Code: "ECA018", Message: "cannot be read: " + systemReason(err), Err: err}
	}
	if !info.IsDir() {
		return []specFile{{p, true}}, nil
	}
	var files []specFile
	err = filepath.WalkDir(p, func(name string, d fs.DirEntry, err error) error {
		switch ext := filepath.Ext(name); {
		case err != nil:
			return &diag.Problem{Pos: diag.Pos{File: name}, Code: "ECA018", Message: "cannot be read: " + systemReason(err), Err: err}
		case d.IsDir() && name != p && (strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules"):
			return fs.SkipDir
		case !d.IsDir() && (ext == ".yaml" || ext == ".yml"):
			files = append(files, specFile{name: name})
		}
		return nil
	})
	return files, err
}

func load(f specFile, stdin io.Reader, o Options) loaded {
	src, err := read(f.name, stdin)
	if err != nil {
		return loaded{problems: diag.Problems{{Pos: diag.Pos{File: f.name}, Code: "ECA001", Message: err.Error(), Err: err}}}
	}
	if !f.named && !isSpec(src) {
		return loaded{skipped: true}
	}
	specs, problems := Parse(f.name, src, o)
	return loaded{src: src, specs: specs, problems: problems}
}

// isSpec tells a spec in a folder from other YAML: a CI pipeline, a Helm chart.
func isSpec(src []byte) bool {
	for line := range bytes.SplitSeq(src, []byte("\n")) {
		line = bytes.TrimPrefix(line, []byte("\xEF\xBB\xBF"))
		if value, ok := bytes.CutPrefix(line, []byte("apiVersion:")); ok && bytes.Contains(value, []byte("ecactl/")) {
			return true
		}
	}
	return false
}

func read(name string, stdin io.Reader) ([]byte, error) {
	if name != "-" {
		data, err := readSmall(name, maxFileSize)
		if err != nil {
			return nil, fmt.Errorf("cannot be read: %w", err)
		}
		return data, nil
	}
	data, err := io.ReadAll(io.LimitReader(stdin, maxFileSize+1))
	if err == nil && len(data) > maxFileSize {
		err = fmt.Errorf("has more than the %d bytes that a spec has at most", maxFileSize)
	}
	return data, err
}

// systemReason takes the words of the system out of an error that repeats the
// path.
func systemReason(err error) string {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		return pe.Err.Error()
	}
	return err.Error()
}
