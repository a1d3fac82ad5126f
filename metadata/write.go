package metadata

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/ecactl/ecactl/metadata/diag"
)

// A State says what became, or would become, of a file.
type State string

// The states of a file.
const (
	Created   State = "created"
	Changed   State = "changed"
	Unchanged State = "unchanged"
	Deleted   State = "deleted"
)

// mode is that of a new file.
func (o WriteOptions) mode() fs.FileMode {
	if o.Private {
		return 0o600
	}
	return 0o644
}

// A Written is one file of a tree and what became of it.
type Written struct {
	Path  string `json:"path"` // below the tree's folder, slash-separated
	State State  `json:"state"`
}

// WriteOptions say how a tree is written.
type WriteOptions struct {
	Check     bool // compare only; nothing is written
	Overwrite bool // replace files that generate did not write
	Prune     bool // delete files that an earlier run wrote and this one does not
	NoLedger  bool // keep no ledger in the folder
	Private   bool // only the owner may read the files
}

// LedgerName is the file in which a folder remembers what was generated into
// it: a checksum and a path a line, as "sha256sum --check" reads them. sf ignores
// files whose name begins with a dot.
const LedgerName = ".ecactl-generated"

// WriteTree makes a folder hold files. Files that are right already are not
// touched. The others appear whole: each is written beside its place and, once
// all are written, renamed into it; if one cannot be written, none is.
//
// A file that is there with other content is replaced only if the ledger, or a
// marked package.xml, says that it was generated and nobody has changed it
// since. No link is followed out of the folder.
func WriteTree(dir string, files []File, o WriteOptions) ([]Written, error) {
	w := &treeWriter{dir: dir, options: o, files: slices.SortedFunc(slices.Values(files), byPath)}
	for i := 1; i < len(w.files); i++ {
		if w.files[i].Path == w.files[i-1].Path {
			return nil, w.problem(w.files[i].Path, "ECA303", "would be written twice", hintTwice)
		}
	}
	defer w.close()
	if err := w.open(); err != nil {
		return nil, err
	}
	if err := w.compare(); err != nil {
		return nil, err
	}
	if o.Check {
		return w.result, nil
	}
	if err := w.write(); err != nil {
		return nil, err
	}
	if o.NoLedger {
		return w.result, nil
	}
	return w.result, w.remember()
}

const hintTwice = "give the two apps or components different names"

func byPath(a, b File) int { return strings.Compare(a.Path, b.Path) }

type treeWriter struct {
	dir     string
	options WriteOptions
	files   []File
	root    *os.Root          // nil while the folder does not exist
	ledger  map[string]string // path to checksum
	sums    []string          // of files
	listed  map[string]bool   // paths that a marked package.xml names
	result  []Written
	mu      sync.Mutex
	subs    map[string]*os.Root
}

func (w *treeWriter) problem(file, code, message, hint string) *diag.Problem {
	return &diag.Problem{Pos: diag.Pos{File: filepath.Join(w.dir, filepath.FromSlash(file))}, Code: code, Message: message, Hint: hint}
}

func (w *treeWriter) open() error {
	w.subs = map[string]*os.Root{}
	w.ledger = map[string]string{}
	root, err := os.OpenRoot(w.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return w.problem(".", "ECA304", "cannot be written to: "+reason(err), "")
	}
	w.root = root
	if o := w.options; o.NoLedger && o.Overwrite && !o.Prune {
		return nil // nothing will ask whose a file is
	}
	if err := w.readLedger(); err != nil {
		return err
	}
	w.readManifest()
	return nil
}

// readLedger refuses a ledger that it could not write again, before anything
// else is written.
func (w *treeWriter) readLedger() error {
	info, err := w.root.Lstat(LedgerName)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil && !info.Mode().IsRegular() {
		return w.problem(LedgerName, "ECA304", "is in the way: not a regular file", "move it away")
	}
	var data []byte
	if err == nil {
		data, err = w.root.ReadFile(LedgerName)
	}
	if err != nil {
		return w.problem(LedgerName, "ECA304", "cannot be read: "+reason(err), "")
	}
	for line := range strings.Lines(string(data)) {
		sum, p, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		if !ok || len(sum) != hex.EncodedLen(sha256.Size) || !filepath.IsLocal(filepath.FromSlash(p)) {
			return w.problem(LedgerName, "ECA304", "is not the ledger that ecactl writes", "delete it, and pass --overwrite once")
		}
		w.ledger[p] = sum
	}
	return nil
}

// readManifest notes what a package.xml of our own names: in mdapi layout it is
// the ledger, because a file that it does not name has no place in a deploy.
func (w *treeWriter) readManifest() {
	w.listed = map[string]bool{}
	if info, err := w.root.Lstat("package.xml"); err != nil || !info.Mode().IsRegular() {
		return
	}
	data, err := w.root.ReadFile("package.xml")
	if err != nil || !bytes.Contains(data, []byte(generatedMark)) {
		return
	}
	m, err := DecodeManifest("package.xml", data)
	if err != nil {
		return
	}
	w.listed["package.xml"] = true
	t := Schema()
	for _, typ := range m.Types() {
		for _, name := range m.Members(typ) {
			c := NewComponent(typ, name)
			if typ == "Settings" {
				w.listed["settings/"+name+".settings"] = true
			} else if p, err := t.Path(c, MDAPI); err == nil {
				w.listed[p] = true
			}
		}
	}
}

func (w *treeWriter) close() {
	for _, r := range w.subs {
		_ = r.Close() // opened to reach files, not to write
	}
	if w.root != nil {
		_ = w.root.Close()
	}
}

// sub returns the folder of a path, opened; nil if it does not exist. Files are
// then reached by their last name alone, which costs one system call each.
func (w *treeWriter) sub(p string) (*os.Root, error) {
	dir := path.Dir(p)
	if w.root == nil || dir == "." {
		return w.root, nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if r, ok := w.subs[dir]; ok {
		return r, nil
	}
	r, err := w.root.OpenRoot(filepath.FromSlash(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, w.problem(dir, "ECA304", "cannot be written to: "+reason(err), "a link that leads out of the folder is not followed")
	}
	w.subs[dir] = r
	return r, nil
}

// compare finds the state of every file and refuses to go on where one is in
// the way that is not ours.
func (w *treeWriter) compare() error {
	w.result = make([]Written, len(w.files))
	w.sums = make([]string, len(w.files))
	errs := make([]error, len(w.files))
	Each(len(w.files), func(i int) {
		f := w.files[i]
		w.result[i].Path = f.Path
		w.result[i].State, errs[i] = w.state(f)
		if !w.options.NoLedger {
			w.sums[i] = checksum(f.Data)
		}
	})
	var problems diag.Problems
	for _, err := range errs {
		problems = append(problems, diag.From(err)...)
	}
	return problems.Err()
}

func (w *treeWriter) state(f File) (State, error) {
	root, err := w.sub(f.Path)
	if err != nil {
		return "", err
	}
	if root == nil {
		return Created, nil
	}
	name := path.Base(f.Path)
	info, err := root.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Created, nil
	case err != nil:
		return "", w.problem(f.Path, "ECA304", "cannot be read: "+reason(err), "")
	case !info.Mode().IsRegular():
		return "", w.problem(f.Path, "ECA304", "is in the way: not a regular file", "move it away")
	}
	var there []byte
	if info.Size() <= MaxFileSize {
		if there, err = root.ReadFile(name); err != nil {
			return "", w.problem(f.Path, "ECA304", "cannot be read: "+reason(err), "")
		}
		if exposed := w.options.Private && info.Mode().Perm()&0o077 != 0; bytes.Equal(there, f.Data) && !exposed {
			return Unchanged, nil
		}
	}
	if w.options.Check || w.options.Overwrite || w.listed[f.Path] {
		return Changed, nil
	}
	switch sum, known := w.ledger[f.Path]; {
	case !known:
		return "", w.problem(f.Path, "ECA305", "is there, and was not written by ecactl", "pass --overwrite to replace it, or choose another --dir")
	case sum != checksum(there):
		return "", w.problem(f.Path, "ECA305", "was changed by hand since ecactl wrote it", "take the change over into the spec, then pass --overwrite")
	}
	return Changed, nil
}

func checksum(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// write puts every file that is not right beside its place, then renames all.
func (w *treeWriter) write() error {
	if err := w.mkdirs(); err != nil {
		return err
	}
	pending := w.pending()
	temp := "." + rand.Text()[:10] + ".tmp"
	errs := make([]error, len(pending))
	Each(len(pending), func(n int) { errs[n] = w.writeTemp(w.files[pending[n]], temp) })
	if err := errors.Join(errs...); err != nil {
		w.discard(pending, temp)
		return cmp.Or(errs...)
	}
	Each(len(pending), func(n int) {
		f := w.files[pending[n]]
		root, _ := w.sub(f.Path)
		name := path.Base(f.Path)
		errs[n] = root.Rename("."+name+temp, name)
	})
	if err := cmp.Or(errs...); err != nil {
		w.discard(pending, temp)
		return fmt.Errorf("replacing a file: %w", err)
	}
	return w.prune()
}

// pending lists the files that are to be written. Neighbours in the list are in
// different folders where they can be, because a folder takes one new file at a
// time, whoever writes it.
func (w *treeWriter) pending() []int {
	const block = 16 // files; what each hands to one core
	turn := map[string]int{}
	type place struct{ file, turn int }
	var places []place
	for i, f := range w.files {
		if w.result[i].State != Unchanged {
			dir := path.Dir(f.Path)
			places = append(places, place{i, turn[dir] / block})
			turn[dir]++
		}
	}
	slices.SortStableFunc(places, func(a, b place) int { return a.turn - b.turn })
	pending := make([]int, len(places))
	for i, p := range places {
		pending[i] = p.file
	}
	return pending
}

func (w *treeWriter) mkdirs() error {
	if w.root == nil {
		if err := os.MkdirAll(w.dir, 0o755); err != nil {
			return w.problem(".", "ECA304", "cannot be made: "+reason(err), "")
		}
		root, err := os.OpenRoot(w.dir)
		if err != nil {
			return w.problem(".", "ECA304", "cannot be written to: "+reason(err), "")
		}
		w.root = root
	}
	made := map[string]bool{".": true}
	for i, f := range w.files {
		dir := path.Dir(f.Path)
		if w.result[i].State == Unchanged || made[dir] {
			continue
		}
		made[dir] = true
		if err := w.root.MkdirAll(filepath.FromSlash(dir), 0o755); err != nil {
			return w.problem(dir, "ECA304", "cannot be made: "+reason(err), "")
		}
		if _, err := w.sub(f.Path); err != nil {
			return err
		}
	}
	return nil
}

func (w *treeWriter) writeTemp(f File, temp string) error {
	root, err := w.sub(f.Path)
	if err != nil {
		return err
	}
	fail := func(err error) error {
		return w.problem(f.Path, "ECA304", "cannot be written: "+reason(err), "")
	}
	out, err := root.OpenFile("."+path.Base(f.Path)+temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, w.options.mode())
	if err != nil {
		return fail(err)
	}
	_, err = out.Write(f.Data)
	if err := errors.Join(err, out.Close()); err != nil {
		return fail(err)
	}
	return nil
}

func (w *treeWriter) discard(pending []int, temp string) {
	for _, i := range pending {
		if root, err := w.sub(w.files[i].Path); err == nil && root != nil {
			_ = root.Remove("." + path.Base(w.files[i].Path) + temp) // it may never have been made
		}
	}
}

// Sweep takes out of a folder what a run that was killed has left there while it
// wrote files: those that were not yet renamed into their places.
func Sweep(dir string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return // whoever writes there says why not
	}
	for _, e := range entries {
		if e.Type().IsRegular() && isLeftover(e.Name()) {
			_ = os.Remove(filepath.Join(dir, e.Name())) // it is in nobody's way
		}
	}
}

// isLeftover tells the names of files that are being written: see write.
func isLeftover(name string) bool {
	rest, ok := strings.CutSuffix(name, ".tmp")
	at := strings.LastIndexByte(rest, '.')
	return ok && strings.HasPrefix(name, ".") && at > 0 && len(rest)-at-1 == 10 && strings.Trim(rest[at+1:], "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == ""
}

// prune deletes what an earlier run wrote, this one does not, and nobody has
// changed since.
func (w *treeWriter) prune() error {
	current := map[string]bool{}
	for _, f := range w.files {
		current[f.Path] = true
	}
	for p, sum := range w.ledger {
		if current[p] {
			continue
		}
		data, err := w.root.ReadFile(filepath.FromSlash(p))
		if err != nil {
			delete(w.ledger, p) // gone already
			continue
		}
		if !w.options.Prune || checksum(data) != sum {
			continue
		}
		if err := w.root.Remove(filepath.FromSlash(p)); err != nil {
			return w.problem(p, "ECA304", "cannot be deleted: "+reason(err), "")
		}
		delete(w.ledger, p)
		w.result = append(w.result, Written{p, Deleted})
	}
	slices.SortFunc(w.result, func(a, b Written) int { return strings.Compare(a.Path, b.Path) })
	return nil
}

const usualLedgerLine = 2*sha256.Size + 80

// remember writes the ledger, if it says something new.
func (w *treeWriter) remember() error {
	for i, f := range w.files {
		w.ledger[f.Path] = w.sums[i]
	}
	var out strings.Builder
	out.Grow(len(w.ledger) * usualLedgerLine)
	for _, p := range slices.Sorted(maps.Keys(w.ledger)) {
		out.WriteString(w.ledger[p] + "  " + p + "\n")
	}
	_, err := WriteTree(w.dir, []File{{LedgerName, []byte(out.String())}}, WriteOptions{Overwrite: true, NoLedger: true})
	return err
}

// ReplaceFile writes one file whole: beside its place, then renamed. What is no
// regular file, such as a pipe or /dev/stdout, is written to and not replaced.
func ReplaceFile(name string, data []byte) error { return replaceFile(name, data, false) }

// ReplacePrivateFile is ReplaceFile for what only its owner may read: the file
// has the mode 0600 from the beginning.
func ReplacePrivateFile(name string, data []byte) error { return replaceFile(name, data, true) }

func replaceFile(name string, data []byte, private bool) error {
	info, err := os.Stat(name)
	if err == nil && info.IsDir() {
		return &diag.Problem{Pos: diag.Pos{File: name}, Code: "ECA304", Message: "is a folder"}
	}
	if err == nil && !info.Mode().IsRegular() {
		return writeThrough(name, data)
	}
	_, err = WriteTree(filepath.Dir(name), []File{{filepath.Base(name), data}}, WriteOptions{Overwrite: true, NoLedger: true, Private: private})
	return err
}

func writeThrough(name string, data []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err == nil {
		_, err = io.Copy(f, bytes.NewReader(data))
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		return &diag.Problem{Pos: diag.Pos{File: name}, Code: "ECA304", Message: "cannot be written: " + reason(err), Err: err}
	}
	return nil
}
