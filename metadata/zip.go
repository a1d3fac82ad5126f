package metadata

import (
	"archive/zip"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/klauspost/compress/flate"

	"github.com/ecactl/ecactl/metadata/diag"
)

// What a zip may be at most. The first two are the Metadata API's own limits;
// the ratio is far above what XML compresses to.
const (
	maxZipEntries  = 10_000
	maxZipContent  = 400 << 20
	maxZipRatio    = 200
	ratioFreeBytes = 1 << 20 // small files may compress to nothing
)

// A File is a file to be written: a slash-separated path below the target and
// its bytes.
type File struct {
	Path string
	Data []byte
}

// ReadZip is Read for a zip in memory, such as an org's answer to a retrieve.
// name stands for it in what is reported.
func (t *Table) ReadZip(name string, data []byte) (*Collection, error) {
	r := &reader{table: t}
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, zipProblem(name, "is not a zip file that can be read: %s", reason(err))
	}
	if err := r.entries(name, z); err != nil {
		return nil, err
	}
	return r.collect(), nil
}

// zip reads the entries of a file.
func (r *reader) zip(file string) error {
	z, err := zip.OpenReader(file)
	if err != nil {
		return zipProblem(file, "is not a zip file that can be read: %s", reason(err))
	}
	defer z.Close()
	return r.entries(file, &z.Reader)
}

func zipProblem(file, format string, args ...any) error {
	return &diag.Problem{Pos: diag.Pos{File: file}, Code: "ECA241", Message: fmt.Sprintf(format, args...)}
}

// entries reads those that are metadata files, on every core. Nothing is
// extracted. A zip with an entry that would leave the folder, or that is larger
// than a zip of metadata can be, is refused whole.
func (r *reader) entries(file string, z *zip.Reader) error {
	if len(z.File) > maxZipEntries {
		return zipProblem(file, "the zip has %d entries, and the Metadata API takes %d", len(z.File), maxZipEntries)
	}
	seen, total := map[string]string{}, uint64(0)
	var wanted []*zip.File
	for _, e := range z.File {
		if err := checkEntry(e, seen); err != "" {
			return zipProblem(file, "%s", err)
		}
		if total += e.UncompressedSize64; total > maxZipContent {
			return zipProblem(file, "the zip unpacks to more than %d MB", maxZipContent>>20)
		}
		if typ, _ := r.table.recognise(e.Name); (typ != nil || mayBe(e.Name)) && !strings.HasSuffix(e.Name, "/") {
			wanted = append(wanted, e)
		}
	}
	files, errs := make([]found, len(wanted)), make([]error, len(wanted))
	Each(len(wanted), func(i int) {
		e := wanted[i]
		data, err := readEntry(e)
		if err != nil {
			errs[i] = zipProblem(file, "%s: %s", e.Name, reason(err))
			return
		}
		files[i] = r.decode(file+":"+e.Name, e.Name, data)
	})
	r.found = append(r.found, files...)
	return cmp.Or(errs...)
}

// checkEntry says what is wrong with an entry, judged by its header; "" if
// nothing is. seen holds the lower-cased names before it.
func checkEntry(e *zip.File, seen map[string]string) string {
	name := strings.TrimSuffix(e.Name, "/")
	if !filepath.IsLocal(filepath.FromSlash(name)) || strings.ContainsAny(name, "\\:\x00") || path.Clean(name) != name {
		return fmt.Sprintf("the entry %q is not a plain path below the zip's root", e.Name)
	}
	folded := strings.ToLower(name)
	if other, ok := seen[folded]; ok {
		return fmt.Sprintf("the entries %q and %q are one file on a disk that ignores case", other, e.Name)
	}
	seen[folded] = e.Name
	size, packed := e.UncompressedSize64, max(e.CompressedSize64, 1)
	if size > ratioFreeBytes && size/packed > maxZipRatio {
		return fmt.Sprintf("the entry %q unpacks to %d times its size", e.Name, size/packed)
	}
	return ""
}

// readEntry does not trust the header's size.
func readEntry(e *zip.File) ([]byte, error) {
	rc, err := e.Open()
	if err != nil {
		return nil, err
	}
	defer rc.Close()
	data, err := io.ReadAll(io.LimitReader(rc, MaxFileSize+1))
	if err == nil && len(data) > MaxFileSize {
		err = fmt.Errorf("has more than %d bytes", MaxFileSize)
	}
	return data, err
}

// dosEpoch is the date of every entry: 1 January 1980, the first that a zip
// can hold. A zip of the same files is the same bytes whenever it is made.
const dosEpoch = 1<<5 | 1

// zipVersion 2.0 is the first that knows deflated entries.
const zipVersion = 20

// WriteZip writes files as a zip, sorted by path. The entries are compressed on
// every core and written in order.
func WriteZip(w io.Writer, files []File) error {
	files = slices.SortedFunc(slices.Values(files), byPath)
	for i := 1; i < len(files); i++ {
		if files[i].Path == files[i-1].Path {
			return &diag.Problem{Code: "ECA303", Message: files[i].Path + " would be in the zip twice", Hint: hintTwice}
		}
	}
	packed := make([]packedFile, len(files))
	Each(len(files), func(i int) { packed[i] = pack(files[i].Data) })

	z := zip.NewWriter(w)
	for i, f := range files {
		h := &zip.FileHeader{
			Name: f.Path, Method: packed[i].method, CRC32: packed[i].crc,
			ReaderVersion:    zipVersion, // CreateRaw sets none
			CompressedSize64: uint64(len(packed[i].data)), UncompressedSize64: uint64(len(f.Data)),
		}
		//lint:ignore SA1019 CreateRaw writes this field, and not Modified
		h.ModifiedDate = dosEpoch //nolint:staticcheck // see above
		entry, err := z.CreateRaw(h)
		if err != nil {
			return fmt.Errorf("writing the zip: %w", err)
		}
		if _, err := entry.Write(packed[i].data); err != nil {
			return fmt.Errorf("writing the zip: %w", err)
		}
	}
	if err := z.Close(); err != nil {
		return fmt.Errorf("writing the zip: %w", err)
	}
	return nil
}

type packedFile struct {
	data   []byte
	method uint16
	crc    uint32
}

// deflaters are kept because each holds several hundred kilobytes of tables. They
// are not those of the standard library, which clear these tables for every file:
// five times the work for files as small as metadata.
var deflaters = sync.Pool{New: func() any {
	w, err := flate.NewWriter(nil, flate.DefaultCompression)
	if err != nil {
		panic(err) // the level is a constant that flate has
	}
	return w
}}

// smallEntry is up to how many bytes an entry is stored as it is. Deflating so few
// takes a third off the file, a fifth off its entry, and more time, here and in
// the org, than sending the difference does.
const smallEntry = 512

// pack deflates data, and stores it where it is small or that makes it no smaller.
func pack(data []byte) packedFile {
	p := packedFile{crc: crc32.ChecksumIEEE(data), method: zip.Deflate}
	if len(data) <= smallEntry {
		p.data, p.method = data, zip.Store
		return p
	}
	var out bytes.Buffer
	out.Grow(len(data)/2 + 64) // what metadata becomes, and no more
	w := deflaters.Get().(*flate.Writer)
	defer deflaters.Put(w)
	w.Reset(&out)
	_, err := w.Write(data)
	if err := errors.Join(err, w.Close()); err != nil {
		panic(err) // a bytes.Buffer takes everything
	}
	if p.data = out.Bytes(); len(p.data) >= len(data) {
		p.data, p.method = data, zip.Store
	}
	return p
}
