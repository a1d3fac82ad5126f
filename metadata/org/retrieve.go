package org

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/diag"
)

// What one call takes, and how many calls are on their way at once.
const (
	typesPerList = 3
	namesPerRead = 10
	atOnce       = 6
)

// A tree is an element of an answer whose shape is that of a metadata type.
type tree struct {
	metadata.Element
	typ string // the value of xsi:type
}

// UnmarshalXML reads any element.
func (t *tree) UnmarshalXML(d *xml.Decoder, start xml.StartElement) error {
	t.Name = start.Name.Local
	for _, a := range start.Attr {
		switch a.Name.Local {
		case "type":
			t.typ = a.Value[strings.LastIndexByte(a.Value, ':')+1:]
		case "nil":
			t.Nil = a.Value == "true" || a.Value == "1"
		}
	}
	var text strings.Builder
	for {
		token, err := d.Token()
		if err != nil {
			return err
		}
		switch token := token.(type) {
		case xml.StartElement:
			child := &tree{}
			if err := child.UnmarshalXML(d, token); err != nil {
				return err
			}
			t.Add(&child.Element)
		case xml.CharData:
			text.Write(token)
		case xml.EndElement:
			if len(t.Children) == 0 {
				t.Text = text.String()
			}
			return nil
		}
	}
}

// List asks which components of some types the org has, three types a call, side
// by side. A type that the org does not know has none.
func (c *Client) List(ctx context.Context, types ...string) ([]FileProperties, error) {
	chunks := slices.Collect(slices.Chunk(types, typesPerList))
	found := make([][]FileProperties, len(chunks))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	for i, chunk := range chunks {
		g.Go(func() (err error) {
			found[i], err = c.listSome(ctx, chunk)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return slices.Concat(found...), nil
}

func (c *Client) listSome(ctx context.Context, types []string) ([]FileProperties, error) {
	op := el("listMetadata")
	for _, typ := range types {
		op.children = append(op.children, el("queries", txt("type", typ)))
	}
	op.children = append(op.children, txt("asOfVersion", c.cfg.APIVersion.String()))
	found, err := soap[FileProperties](ctx, c, op, true, false)
	var said *Error
	if !errors.As(err, &said) || said.Code != "INVALID_TYPE" {
		return found, err
	}
	if len(types) == 1 {
		return nil, nil
	}
	for _, typ := range types { // one of them is unknown, and the answer has none
		list, err := c.listSome(ctx, []string{typ})
		if err != nil {
			return nil, err
		}
		found = append(found, list...)
	}
	return found, nil
}

// Read asks for components by name, ten a call, side by side. What the org does
// not have, or does not hand out, is left out.
func (c *Client) Read(ctx context.Context, typ string, names []string) ([]*metadata.Component, error) {
	chunks := slices.Collect(slices.Chunk(names, namesPerRead))
	found := make([][]*metadata.Component, len(chunks))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	for i, chunk := range chunks {
		g.Go(func() (err error) {
			found[i], err = c.readSome(ctx, typ, chunk)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return slices.Concat(found...), nil
}

func (c *Client) readSome(ctx context.Context, typ string, names []string) ([]*metadata.Component, error) {
	op := el("readMetadata", txt("type", typ))
	for _, name := range names {
		op.children = append(op.children, txt("fullNames", name))
	}
	results, err := soap[struct {
		Records []tree `xml:"records"`
	}](ctx, c, op, true, false)
	if err != nil {
		return nil, err
	}
	var list []*metadata.Component
	for _, r := range results {
		for _, record := range r.Records {
			name := record.Child("fullName")
			if record.Nil || name == nil || name.Text == "" {
				continue
			}
			full := strings.TrimSpace(name.Text)
			record.Remove("fullName")
			record.Name = typ
			list = append(list, &metadata.Component{Type: typ, Name: full, Root: &record.Element})
		}
	}
	return list, nil
}

// A RetrieveResult is what an org handed out.
type RetrieveResult struct {
	Components []*metadata.Component
	Properties []FileProperties
	Messages   []string // what the org says it could not give
	Problems   diag.Problems
}

type retrieveStatus struct {
	Done            bool             `xml:"done"`
	Status          string           `xml:"status"`
	Success         bool             `xml:"success"`
	ErrorMessage    string           `xml:"errorMessage"`
	ErrorStatusCode string           `xml:"errorStatusCode"`
	FileProperties  []FileProperties `xml:"fileProperties"`
	Messages        []struct {
		FileName string `xml:"fileName"`
		Problem  string `xml:"problem"`
	} `xml:"messages"`
	ZipFile string `xml:"zipFile"`
}

// retrieveAtOnce is how many components are asked for in one retrieve. An answer has
// no more than MaxFiles, and some components are of several files.
const retrieveAtOnce = MaxFiles / 2

// Retrieve asks for what a manifest names, waits for it, and reads it: in several
// retrieves, one after the other, if it names more than fits into one.
func (c *Client) Retrieve(ctx context.Context, m *metadata.Manifest) (*RetrieveResult, error) {
	whole := &RetrieveResult{}
	for _, part := range split(m, retrieveAtOnce) {
		begun, err := c.BeginRetrieve(ctx, part)
		if err != nil {
			return nil, err
		}
		r, err := begun.Wait(ctx)
		if err != nil {
			return nil, err
		}
		whole.Components = append(whole.Components, r.Components...)
		whole.Properties = append(whole.Properties, r.Properties...)
		whole.Messages = append(whole.Messages, r.Messages...)
		whole.Problems = append(whole.Problems, r.Problems...)
	}
	return whole, nil
}

// split makes manifests of at most so many members. There is always one.
func split(m *metadata.Manifest, most int) []*metadata.Manifest {
	parts := []*metadata.Manifest{{Version: m.Version}}
	n := 0
	for _, typ := range m.Types() {
		for _, name := range m.Members(typ) {
			if n == most {
				parts, n = append(parts, &metadata.Manifest{Version: m.Version}), 0
			}
			parts[len(parts)-1].AddName(typ, name)
			n++
		}
	}
	return parts
}

// A PendingRetrieve is a retrieve that an org is at work on.
type PendingRetrieve struct {
	client *Client
	op     node
	id     string
}

// BeginRetrieve asks for what a manifest names and does not wait for it, so that
// other things can be asked meanwhile.
func (c *Client) BeginRetrieve(ctx context.Context, m *metadata.Manifest) (*PendingRetrieve, error) {
	pkg := el("unpackaged")
	for _, typ := range m.Types() {
		types := el("types")
		for _, name := range m.Members(typ) {
			types.children = append(types.children, txt("members", name))
		}
		types.children = append(types.children, txt("name", typ))
		pkg.children = append(pkg.children, types)
	}
	version := c.cfg.APIVersion.String()
	pkg.children = append(pkg.children, txt("version", version))
	p := &PendingRetrieve{client: c, op: el("retrieve", el("retrieveRequest", txt("apiVersion", version), txt("singlePackage", "true"), pkg))}
	return p, p.begin(ctx)
}

func (p *PendingRetrieve) begin(ctx context.Context) error {
	begun, err := soapOne[struct {
		ID string `xml:"id"`
	}](ctx, p.client, p.op, true, false)
	if err == nil {
		p.id = begun.ID
	}
	return err
}

// Wait waits for a retrieve and reads it.
func (p *PendingRetrieve) Wait(ctx context.Context) (*RetrieveResult, error) {
	r, err := p.wait(ctx)
	var said *Error
	if errors.As(err, &said) && (said.Code == "INVALID_CROSS_REFERENCE_KEY" || said.Code == "HTTP_UNREADABLE") {
		// An org hands a zip out once, and an answer that was cut off had it.
		if err := p.begin(ctx); err != nil {
			return nil, err
		}
		return p.wait(ctx)
	}
	return r, err
}

func (p *PendingRetrieve) wait(ctx context.Context) (*RetrieveResult, error) {
	c := p.client
	look := el("checkRetrieveStatus", txt("asyncProcessId", p.id), txt("includeZip", "true"))
	failed := 0
	for pause := firstPoll / 2; ; pause = min(pause*3/2, lastPoll) {
		status, err := soapOne[retrieveStatus](ctx, c, look, true, true)
		switch {
		case err != nil && (ctx.Err() != nil || !passes(err) || failed >= maxLooksFailed):
			return nil, err
		case err != nil:
			failed++
		case status.Done && !status.Success:
			return nil, &Error{Op: "retrieve", Code: status.ErrorStatusCode, Message: status.ErrorMessage}
		case status.Done:
			return c.readRetrieved(status)
		default:
			failed = 0
		}
		if err := c.cfg.Sleep(ctx, pause); err != nil {
			return nil, err
		}
	}
}

func (c *Client) readRetrieved(s *retrieveStatus) (*RetrieveResult, error) {
	data, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(s.ZipFile), ""))
	if err != nil || len(data) == 0 {
		return nil, &Error{Op: "retrieve", Code: "HTTP_UNREADABLE", Message: "the answer has no zip that can be read"}
	}
	read, err := metadata.Schema().ReadZip(c.base.Host, data)
	if err != nil {
		return nil, fmt.Errorf("retrieve: %w", err)
	}
	settings, err := otherSettings(data)
	if err != nil {
		return nil, fmt.Errorf("retrieve: %w", err)
	}
	r := &RetrieveResult{Components: append(read.Components, settings...), Properties: s.FileProperties, Problems: read.Problems}
	for _, m := range s.Messages {
		r.Messages = append(r.Messages, m.Problem)
	}
	slices.Sort(r.Messages)
	return r, nil
}

// otherSettings reads settings of types that the table does not have: an org has
// more of them than are about apps, and hands out those that were asked for.
func otherSettings(data []byte) ([]*metadata.Component, error) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, err
	}
	var list []*metadata.Component
	for _, e := range z.File {
		dir, file := path.Split(e.Name)
		name, ok := strings.CutSuffix(file, ".settings")
		if typ := metadata.Schema().Type(name + "Settings"); !ok || path.Base(dir) != "settings" || typ != nil {
			continue
		}
		r, err := e.Open()
		if err != nil {
			return nil, err
		}
		content, err := io.ReadAll(io.LimitReader(r, metadata.MaxFileSize))
		_ = r.Close() // it was read
		if err != nil {
			return nil, err
		}
		c, _, err := metadata.Decode(e.Name, content)
		if err != nil {
			return nil, err
		}
		c.Name = name
		list = append(list, c)
	}
	return list, nil
}
