package metadata

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ecactl/ecactl/metadata/diag"
)

// A Collection is what was read from files.
type Collection struct {
	Components []*Component  // sorted by type, name and file; no two of one type and name
	Problems   diag.Problems // an Error is a file that could not be read
	Unreadable []Unreadable  // components whose file is there and could not be read
	Files      int           // how many files were opened
	Namespace  string        // of the SFDX project, if one was read and has one
}

// Unreadable is a component of which no more than type and name are known.
type Unreadable struct {
	Type, Name, File string
	Problem          *diag.Problem
}

// Read finds and reads the components in files, folders, SFDX projects and
// zips. A file that is broken is a problem in the Collection and the others are
// still read; an error is returned where nothing can be said: a path that does
// not exist, or a zip that is not to be trusted.
func (t *Table) Read(paths ...string) (*Collection, error) {
	r := &reader{table: t}
	for _, p := range paths {
		if err := r.path(p); err != nil {
			return nil, err
		}
	}
	return r.collect(), nil
}

// ReadFiles is Read for files in memory. dir stands before their names in what is
// reported; it may be "".
func (t *Table) ReadFiles(dir string, files []File) *Collection {
	r := &reader{table: t, found: make([]found, len(files))}
	Each(len(files), func(i int) {
		f := files[i]
		r.found[i] = r.decode(filepath.ToSlash(filepath.Join(dir, filepath.FromSlash(f.Path))), f.Path, f.Data)
	})
	return r.collect()
}

type reader struct {
	table *Table
	found []found

	namespace string
}

// found is one file, opened or not.
type found struct {
	file      string // as a person names it
	component *Component
	problems  diag.Problems
	err       error
}

func (r *reader) path(p string) error {
	p = filepath.Clean(p) // as the names of files below a folder are: one name for one file
	info, err := os.Stat(p)
	if err != nil {
		return &diag.Problem{Pos: diag.Pos{File: p}, Code: "ECA231", Message: "cannot be read: " + reason(err), Err: err}
	}
	switch {
	case info.IsDir():
		return r.folder(p)
	case !info.Mode().IsRegular():
		return &diag.Problem{Pos: diag.Pos{File: p}, Code: "ECA231", Message: "is neither a file nor a folder"}
	case strings.EqualFold(filepath.Ext(p), ".zip"):
		return r.zip(p)
	}
	root, err := os.OpenRoot(filepath.Dir(p))
	if err != nil {
		return fmt.Errorf("opening %s: %w", filepath.Dir(p), err)
	}
	defer root.Close()
	f := r.open(root, filepath.Base(p), p)
	if f.component == nil && f.err == nil {
		f.err = &diag.Problem{
			Pos: diag.Pos{File: p}, Code: "ECA232", Message: "is not a metadata file that ecactl knows",
			Hint: "name it <name>.<suffix>-meta.xml, such as Order_Sync.eca-meta.xml",
		}
	}
	r.found = append(r.found, f)
	return nil
}

// folder walks a folder, or the package directories of an SFDX project.
func (r *reader) folder(dir string) error {
	project, err := OpenProject(dir)
	if err != nil {
		return err
	}
	if project == nil {
		return r.walk(dir)
	}
	if ns := project.Namespace; r.namespace == "" || ns != "" && ns < r.namespace {
		r.namespace = ns // of several projects, the same one in any order of the arguments
	}
	for _, pkg := range project.Directories {
		if err := r.walk(filepath.Join(dir, pkg)); err != nil {
			return err
		}
	}
	return nil
}

// skipped folders hold copies and caches, never a project's own metadata.
func skipped(name string) bool {
	return name == "node_modules" || strings.HasPrefix(name, ".") && name != "." && name != ".."
}

// walk opens through os.Root, so a link that leads out of the folder is refused
// and never followed.
func (r *reader) walk(dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return &diag.Problem{Pos: diag.Pos{File: dir}, Code: "ECA231", Message: "cannot be read: " + reason(err), Err: err}
	}
	defer root.Close()
	var names []string
	err = fs.WalkDir(root.FS(), ".", func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			problem := &diag.Problem{Pos: diag.Pos{File: filepath.Join(dir, p)}, Code: "ECA231", Message: "cannot be read: " + reason(err), Err: err}
			if p == "." {
				return problem
			}
			r.found = append(r.found, found{file: problem.File, err: problem})
			return nil // what is beside it can still be read
		case d.IsDir() && p != "." && skipped(d.Name()):
			return fs.SkipDir
		case d.IsDir():
			return nil
		}
		if typ, _ := r.table.recognise(p); typ != nil || mayBe(p) {
			names = append(names, p)
		}
		return nil
	})
	if err != nil {
		return err
	}
	results := make([]found, len(names))
	Each(len(names), func(i int) {
		results[i] = r.open(root, names[i], filepath.Join(dir, filepath.FromSlash(names[i])))
	})
	r.found = append(r.found, results...)
	return nil
}

func (r *reader) open(root *os.Root, name, display string) found {
	f := found{file: display}
	fail := func(message string, err error) found {
		f.err = &diag.Problem{Pos: diag.Pos{File: display}, Code: "ECA231", Message: message, Err: err}
		return f
	}
	info, err := root.Stat(name)
	switch {
	case err != nil:
		return fail("cannot be read: "+reason(err), err)
	case !info.Mode().IsRegular():
		return fail("is not a regular file", nil)
	case info.Size() > MaxFileSize:
		return fail(fmt.Sprintf("has %d bytes, and a metadata file at most %d", info.Size(), MaxFileSize), nil)
	}
	file, err := root.Open(name)
	if err != nil {
		return fail("cannot be read: "+reason(err), err)
	}
	defer file.Close()
	data := make([]byte, info.Size())
	n, err := io.ReadFull(file, data)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return fail("cannot be read: "+reason(err), err)
	}
	return r.decode(display, name, data[:n])
}

// decode makes a component of a file. The root element says what it is; a
// suffix that says something else is a warning.
func (r *reader) decode(display, name string, data []byte) found {
	f := found{file: display}
	typ, full := r.table.recognise(filepath.ToSlash(name))
	c, problems, err := Decode(display, data)
	if err != nil {
		if typ == nil {
			return f // nothing said that it would be metadata of ours
		}
		f.err = err
		return f
	}
	rootType := r.table.Type(c.Type)
	switch {
	case typ == nil && (rootType == nil || !slices.Contains(r.table.components, rootType)):
		return f
	case typ == nil:
		full = invented(name)
		problems = append(problems, &diag.Problem{
			Pos: diag.Pos{File: display}, Level: diag.Warning, Code: "ECA233",
			Message: fmt.Sprintf("a %s in a file with a suffix of its own", c.Type),
			Hint:    fmt.Sprintf("sf reads it as %s.%s%s only", full, rootType.Suffix, metaSuffix),
		})
	case typ.Name != c.Type:
		problems = append(problems, &diag.Problem{
			Pos: c.Root.Pos, Level: diag.Warning, Code: "ECA233",
			Message: fmt.Sprintf("the suffix is that of %s, the content is %s", typ.Name, c.Type),
		})
	}
	c.Name = full
	f.component = c
	f.problems = append(problems, r.table.Check(c, 0)...)
	return f
}

// collect puts the results in order and drops what is there twice: a file that
// two of the paths lead to, and a component that two files hold.
func (r *reader) collect() *Collection {
	s := &Collection{Namespace: r.namespace}
	slices.SortStableFunc(r.found, func(a, b found) int { return strings.Compare(a.file, b.file) })
	r.found = slices.CompactFunc(r.found, func(a, b found) bool { return a.file == b.file })
	s.Files = len(r.found)
	first := map[[2]string]*Component{}
	for _, f := range r.found {
		s.Problems = append(s.Problems, f.problems...)
		if f.err != nil {
			s.unreadable(r.table, f)
			continue
		}
		c := f.component
		if c == nil {
			continue
		}
		key := [2]string{c.Type, c.Name}
		if other := first[key]; other != nil {
			s.Problems = append(s.Problems, twice(c, other))
			continue
		}
		first[key] = c
		s.Components = append(s.Components, c)
	}
	slices.SortStableFunc(s.Components, byTypeAndName)
	s.Problems = s.Problems.Sort()
	return s
}

func byTypeAndName(a, b *Component) int {
	if a.Type != b.Type {
		return strings.Compare(a.Type, b.Type)
	}
	return strings.Compare(a.Name, b.Name)
}

func twice(c, other *Component) *diag.Problem {
	how := "with the same content"
	if !c.Root.Equal(other.Root) {
		how = "with other content"
	}
	return &diag.Problem{
		Pos: diag.Pos{File: c.File}, Level: diag.Warning, Code: "ECA221",
		Message: fmt.Sprintf("%s %s is in %s too, %s; that file is used", c.Type, c.Name, other.File, how),
		Hint:    "delete one of the two",
	}
}

func (s *Collection) unreadable(t *Table, f found) {
	ps := diag.From(f.err)
	s.Problems = append(s.Problems, ps...)
	if typ, name := t.recognise(filepath.ToSlash(f.file)); typ != nil {
		s.Unreadable = append(s.Unreadable, Unreadable{Type: typ.Name, Name: name, File: f.file, Problem: ps[0]})
	}
}

// reason takes the words of the system out of an error that repeats the path.
func reason(err error) string {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		return pe.Err.Error()
	}
	return err.Error()
}
