package orgtest

import (
	"archive/zip"
	"bytes"
	"cmp"
	"fmt"
	"hash/crc32"
	"io"
	"path"
	"strings"
	"sync"

	"github.com/klauspost/compress/flate"

	"github.com/ecactl/ecactl/metadata"
)

// entry is a file of a package.
type entry struct {
	path      string // below the package
	component *metadata.Component
	err       error
}

// maxFiles is the Metadata API's limit.
const maxFiles = 10_000

// unpack reads a deploy's zip: package.xml at its root, or in one top folder.
func (o *Org) unpack(data []byte) (files map[string][]byte, top string, err error) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, "", fmt.Errorf("the zip cannot be read: %w", err)
	}
	if len(z.File) > maxFiles {
		return nil, "", fmt.Errorf("the package has %d files, more than the %d that there may be", len(z.File), maxFiles)
	}
	contents, errs := make([][]byte, len(z.File)), make([]error, len(z.File))
	metadata.Each(len(contents), func(i int) { contents[i], errs[i] = entryContent(data, z.File[i]) })
	if err := cmp.Or(errs...); err != nil {
		return nil, "", err
	}
	files = make(map[string][]byte, len(z.File))
	for i, f := range z.File {
		if !strings.HasSuffix(f.Name, "/") {
			files[f.Name] = contents[i]
		}
	}
	if files["package.xml"] == nil {
		for name := range files {
			if dir, base := path.Split(name); base == "package.xml" && strings.Count(dir, "/") == 1 {
				top = dir
			}
		}
	}
	return files, top, nil
}

// inflater reads deflated entries. Those of the standard library and a new one for
// each entry take several times as long, for files as small as metadata.
type inflater struct {
	packed bytes.Reader
	flate  io.ReadCloser
}

var inflaters = sync.Pool{New: func() any { return &inflater{flate: flate.NewReader(nil)} }}

func (i *inflater) reset(packed []byte) error {
	i.packed.Reset(packed)
	return i.flate.(flate.Resetter).Reset(&i.packed, nil) //nolint:forcetypeassert // as flate promises
}

// entryContent unpacks one entry of a zip, however large it says that it is.
func entryContent(archive []byte, f *zip.File) ([]byte, error) {
	start, err := f.DataOffset()
	if err != nil || f.CompressedSize64 > uint64(len(archive)) || uint64(start) > uint64(len(archive))-f.CompressedSize64 {
		return nil, fmt.Errorf("%s: %w", f.Name, cmp.Or(err, zip.ErrFormat))
	}
	data := archive[start:][:f.CompressedSize64]
	switch f.Method {
	case zip.Store:
	case zip.Deflate:
		in := inflaters.Get().(*inflater) //nolint:forcetypeassert // it holds no others
		defer inflaters.Put(in)
		var b bytes.Buffer
		b.Grow(int(min(f.UncompressedSize64, metadata.MaxFileSize)) + bytes.MinRead)
		err = in.reset(data)
		if err == nil {
			_, err = b.ReadFrom(io.LimitReader(in.flate, metadata.MaxFileSize+1))
		}
		data = b.Bytes()
	default:
		err = zip.ErrAlgorithm
	}
	if err == nil && crc32.ChecksumIEEE(data) != f.CRC32 && len(data) <= metadata.MaxFileSize {
		err = zip.ErrChecksum
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Name, err)
	}
	return data, nil
}
