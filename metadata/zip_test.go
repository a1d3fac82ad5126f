package metadata_test

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/diag"
)

// An entry is what a test puts into a zip. With a size it is written raw: data
// is then what is packed already, and size what the header says it unpacks to.
type entry struct {
	name string
	data string
	size uint64
}

func zipOf(t testing.TB, entries ...entry) string {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, e := range entries {
		var w io.Writer
		var err error
		if e.size > 0 {
			w, err = z.CreateRaw(&zip.FileHeader{Name: e.name, Method: zip.Deflate, CRC32: 1, CompressedSize64: uint64(len(e.data)), UncompressedSize64: e.size})
		} else {
			w, err = z.Create(e.name)
		}
		if err == nil {
			_, err = io.WriteString(w, e.data)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// zeros is a deflated stream of so many megabytes of nothing. A megabyte is
// packed once and its blocks are repeated, which makes a real bomb in no time.
func zeros(t testing.TB, megabytes int) string {
	t.Helper()
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.Write(make([]byte, 1<<20))
	if err := errors.Join(err, w.Flush()); err != nil {
		t.Fatal(err)
	}
	block := out.String()
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return strings.Repeat(block, megabytes) + strings.TrimPrefix(out.String(), block)
}

func TestReadZip(t *testing.T) {
	file := filepath.Join(t.TempDir(), "retrieved.ZIP")
	place(t, file, zipOf(t,
		entry{name: "unpackaged/", data: ""},
		entry{name: "unpackaged/package.xml", data: doc("Package")},
		entry{name: "unpackaged/extlClntAppOauthSettings/Order_Sync_oauth.ecaOauth", data: oauth},
		entry{name: "unpackaged/externalClientApps/Order_Sync.eca", data: header},
		entry{name: "unpackaged/externalClientApps/Broken.eca", data: "<a>"},
		entry{name: "unpackaged/apps/Stock.externalClientApplication.xml", data: header},
		entry{name: "unpackaged/settings/ExternalClientApp.settings", data: doc("ExternalClientAppSettings")},
		entry{name: "unpackaged/classes/Handler.cls", data: "public class Handler {}"},
		entry{name: "unpackaged/folder.eca/", data: ""},
	))
	got := read(t, file)
	same(t, "components", names(got.Components), []string{"ExternalClientAppSettings ExternalClientApp", app + " Order_Sync", app + " Stock", oauthSet + " Order_Sync_oauth"})
	same(t, "problems", below(filepath.Dir(file), lines(got.Problems)), []string{
		"warning: retrieved.ZIP:unpackaged/apps/Stock.externalClientApplication.xml: a ExternalClientApplication in a file with a suffix of its own (ECA233) | sf reads it as Stock.eca-meta.xml only",
		"error: retrieved.ZIP:unpackaged/externalClientApps/Broken.eca:1:4: the file ends inside <a>, which opens on line 1 (ECA202) | the file is cut off",
	})
	if len(got.Unreadable) != 1 || got.Unreadable[0].Name != "Broken" || got.Files != 5 {
		t.Errorf("got %+v of %d files", got.Unreadable, got.Files)
	}
}

// A zip that is not to be trusted is refused whole, by its headers where they
// tell, and without unpacking it. None of these may cost much memory.
func TestReadZipRefuses(t *testing.T) {
	many := make([]entry, 10_001)
	for i := range many {
		many[i] = entry{name: fmt.Sprintf("unpackaged/x/%05d", i), size: 1}
	}
	megabyte, bomb := zeros(t, 1), zeros(t, 200)
	bombRatio := 200 << 20 / len(bomb)
	megabytes := make([]entry, 401)
	for i := range megabytes {
		megabytes[i] = entry{fmt.Sprintf("%d.txt", i), megabyte, 1 << 20}
	}
	plain := zipOf(t, entry{name: "A.eca", data: header})
	tests := map[string]struct{ in, want string }{
		"above":            {zipOf(t, entry{name: "../A.eca"}), `the entry "../A.eca" is not a plain path below the zip's root`},
		"above, later":     {zipOf(t, entry{name: "A.eca"}, entry{name: "x/../../A.eca"}), `the entry "x/../../A.eca" is not a plain path below the zip's root`},
		"round about":      {zipOf(t, entry{name: "x/../A.eca"}), `the entry "x/../A.eca" is not a plain path below the zip's root`},
		"absolute":         {zipOf(t, entry{name: "/etc/A.eca"}), `the entry "/etc/A.eca" is not a plain path below the zip's root`},
		"backslash":        {zipOf(t, entry{name: `x\..\..\A.eca`}), `the entry "x\\..\\..\\A.eca" is not a plain path below the zip's root`},
		"drive":            {zipOf(t, entry{name: "C:/A.eca"}), `the entry "C:/A.eca" is not a plain path below the zip's root`},
		"drive, relative":  {zipOf(t, entry{name: "C:A.eca"}), `the entry "C:A.eca" is not a plain path below the zip's root`},
		"NUL":              {zipOf(t, entry{name: "A.eca\x00.txt"}), `the entry "A.eca\x00.txt" is not a plain path below the zip's root`},
		"no name":          {zipOf(t, entry{name: ""}), `the entry "" is not a plain path below the zip's root`},
		"two slashes":      {zipOf(t, entry{name: "x//A.eca"}), `the entry "x//A.eca" is not a plain path below the zip's root`},
		"folder above":     {zipOf(t, entry{name: "../"}), `the entry "../" is not a plain path below the zip's root`},
		"not metadata":     {zipOf(t, entry{name: "../README.md"}), `the entry "../README.md" is not a plain path below the zip's root`},
		"twice":            {zipOf(t, entry{name: "x/A.eca"}, entry{name: "x/A.eca"}), `the entries "x/A.eca" and "x/A.eca" are one file on a disk that ignores case`},
		"twice but case":   {zipOf(t, entry{name: "x/A.eca"}, entry{name: "X/a.ECA"}), `the entries "x/A.eca" and "X/a.ECA" are one file on a disk that ignores case`},
		"file and folder":  {zipOf(t, entry{name: "x/a"}, entry{name: "x/A/"}), `the entries "x/a" and "x/A/" are one file on a disk that ignores case`},
		"many":             {zipOf(t, many...), "the zip has 10001 entries, and the Metadata API takes 10000"},
		"bomb":             {zipOf(t, entry{"A.eca", bomb, 200 << 20}), fmt.Sprintf(`the entry "A.eca" unpacks to %d times its size`, bombRatio)},
		"bomb elsewhere":   {zipOf(t, entry{name: "A.eca", data: header}, entry{"x.txt", bomb, 200 << 20}), fmt.Sprintf(`the entry "x.txt" unpacks to %d times its size`, bombRatio)},
		"bomb from nought": {zipOf(t, entry{"A.eca", "", 2 << 20}), `the entry "A.eca" unpacks to 2097152 times its size`},
		"many small bombs": {zipOf(t, megabytes...), "the zip unpacks to more than 400 MB"},
		"header lies low":  {zipOf(t, entry{"A.eca", bomb, 100}), "A.eca: zip: not a valid zip file"},
		"large entry":      {zipOf(t, entry{"A.eca", zeros(t, 6), 1 << 20}), "A.eca: zip: not a valid zip file"},
		"checksum":         {zipOf(t, entry{"A.eca", megabyte, 1 << 20}), "A.eca: zip: checksum error"},
		"truncated":        {plain[:len(plain)-30], "is not a zip file that can be read: zip: not a valid zip file"},
		"cut in front":     {plain[40:], "A.eca: negative offset"},
		"not a zip":        {header, "is not a zip file that can be read: zip: not a valid zip file"},
		"empty":            {"", "is not a zip file that can be read: zip: not a valid zip file"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "app.zip")
			place(t, file, tt.in)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			got, err := metadata.Schema().Read(file)
			runtime.ReadMemStats(&after)
			if want := file + ": " + tt.want + " (ECA241)"; err == nil || err.Error() != want || got != nil {
				t.Errorf("got  %v\nwant %s", err, want)
			}
			if _, ok := errors.AsType[*diag.Problem](err); !ok {
				t.Errorf("no problem reported, err = %v", err)
			}
			if used := after.TotalAlloc - before.TotalAlloc; used > 32<<20 {
				t.Errorf("it took %d MB", used>>20)
			}
		})
	}
}

// An entry of a size that metadata cannot have is refused though its ratio is
// plain.
func TestReadZipLargeEntry(t *testing.T) {
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	w, err := z.CreateHeader(&zip.FileHeader{Name: "A.eca", Method: zip.Store})
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.Write(bytes.Repeat([]byte(" "), metadata.MaxFileSize+1))
	if err := errors.Join(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "app.zip")
	place(t, file, out.String())
	_, err = metadata.Schema().Read(file)
	if want := file + ": A.eca: has more than 5242880 bytes (ECA241)"; err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func zipFiles() []metadata.File {
	files := []metadata.File{{Path: "package.xml", Data: []byte(doc("Package"))}, {Path: "empty.eca"}, {Path: "x.eca", Data: []byte("x")}}
	for i := range 40 { // some compress to almost nothing, some to no less
		files = append(files, metadata.File{Path: fmt.Sprintf("externalClientApps/App_%02d.eca", i), Data: []byte(strings.Repeat(header, i))})
	}
	return files
}

// The same files are the same bytes, whatever their order and the cores.
func TestWriteZip(t *testing.T) {
	files := zipFiles()
	write := func() []byte {
		var out bytes.Buffer
		if err := metadata.WriteZip(&out, files); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	var want []byte
	onCores(1, func() { want = write() })
	onCores(8, func() {
		for range 3 {
			slices.Reverse(files)
			files = append(files[1:], files[0])
			if got := write(); !bytes.Equal(got, want) {
				t.Fatal("the order of files or the number of cores matters")
			}
		}
	})

	z, err := zip.NewReader(bytes.NewReader(want), int64(len(want)))
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(files, func(a, b metadata.File) int { return strings.Compare(a.Path, b.Path) })
	if len(z.File) != len(files) {
		t.Fatalf("got %d entries, want %d", len(z.File), len(files))
	}
	for i, e := range z.File {
		rc, err := e.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(rc)
		if err != nil || e.Name != files[i].Path || !bytes.Equal(data, files[i].Data) {
			t.Errorf("%s: got %v, %d bytes, want %s, %d bytes", e.Name, err, len(data), files[i].Path, len(files[i].Data))
		}
		if e.CompressedSize64 > uint64(len(data)) || e.ReaderVersion != 20 {
			t.Errorf("%s: %d bytes became %d, for readers of version %d", e.Name, len(data), e.CompressedSize64, e.ReaderVersion)
		}
		if got := e.Modified; !got.Equal(time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)) {
			t.Errorf("%s: got the date %s", e.Name, got)
		}
	}
	file := filepath.Join(t.TempDir(), "app.zip")
	place(t, file, string(want))
	if got := read(t, file); len(got.Components) != 1 || got.Files != 42 { // App_01; the others hold none, or several
		t.Errorf("got %d components in %d files", len(got.Components), got.Files)
	}
}

func TestWriteZipRefuses(t *testing.T) {
	files := []metadata.File{{Path: "a/A.eca"}, {Path: "b"}, {Path: "a/A.eca", Data: []byte("x")}}
	var out bytes.Buffer
	err := metadata.WriteZip(&out, files)
	if want := "a/A.eca would be in the zip twice (ECA303)"; err == nil || err.Error() != want || out.Len() > 0 {
		t.Errorf("got  %v, %d bytes\nwant %s", err, out.Len(), want)
	}
}

// Whenever the disk is full, that is an error.
func TestWriteZipFull(t *testing.T) {
	var whole bytes.Buffer
	files := zipFiles()[:10]
	if err := metadata.WriteZip(&whole, files); err != nil {
		t.Fatal(err)
	}
	for _, room := range []int{0, 100, whole.Len() / 2, whole.Len() - 1} {
		err := metadata.WriteZip(&full{room}, files)
		if !errors.Is(err, os.ErrClosed) || !strings.HasPrefix(err.Error(), "writing the zip: ") {
			t.Errorf("room for %d of %d bytes: got %v", room, whole.Len(), err)
		}
	}
}

// full takes so many bytes and no more.
type full struct{ room int }

func (f *full) Write(p []byte) (int, error) {
	if f.room -= len(p); f.room < 0 {
		return 0, os.ErrClosed
	}
	return len(p), nil
}
