package org

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
)

// Limits of one composite call. From the REST API guide: 25 requests, of which
// five may be queries.
const (
	perComposite        = 25
	queriesPerComposite = 5
)

// A Read is one thing to be read of an org: a query, or a resource by its path
// below /services/data/vXX.0/.
type Read struct {
	Query   string
	Tooling bool   // the query is one of the Tooling API
	Path    string // instead of a query
}

// A ReadResult is what came of a Read.
type ReadResult struct {
	Rows []Row           // of a query, of all its pages
	Size int             // what a query says that it found; of SELECT COUNT() the count
	Body json.RawMessage // of a path
	Err  error
}

// ReadAll reads many things in few calls: queries go into composite calls of
// five, side by side. An org that has no composite resource is asked one by one.
// Each read has its own error; the error that is returned is that of ctx.
func (c *Client) ReadAll(ctx context.Context, reads []Read) ([]ReadResult, error) {
	results := make([]ReadResult, len(reads))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	for _, batch := range batches(reads) {
		g.Go(func() error {
			c.composite(gctx, reads, batch, results)
			return gctx.Err()
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return results, nil
}

// batches packs reads into composite calls, by their indexes.
func batches(reads []Read) [][]int {
	var list [][]int
	for _, tooling := range []bool{false, true} {
		var open []int
		queries := 0
		for i, r := range reads {
			if r.Tooling != tooling {
				continue
			}
			if len(open) == perComposite || queries == queriesPerComposite && r.Query != "" {
				list, open, queries = append(list, open), nil, 0
			}
			open = append(open, i)
			if r.Query != "" {
				queries++
			}
		}
		if len(open) > 0 {
			list = append(list, open)
		}
	}
	return list
}

func (c *Client) pathOf(r Read) (path string, query url.Values) {
	if r.Query == "" {
		path, text, _ := strings.Cut(r.Path, "?")
		query, _ = url.ParseQuery(text) // of our own
		return c.data(path), query
	}
	if r.Tooling {
		return c.data("tooling", "query"), url.Values{"q": {r.Query}}
	}
	return c.data("query"), url.Values{"q": {r.Query}}
}

// composite sends one call and shares out its answer.
func (c *Client) composite(ctx context.Context, reads []Read, batch []int, results []ReadResult) {
	type subrequest struct {
		Method      string `json:"method"`
		URL         string `json:"url"`
		ReferenceID string `json:"referenceId"`
	}
	var body struct {
		AllOrNone bool         `json:"allOrNone"`
		Requests  []subrequest `json:"compositeRequest"`
	}
	for n, i := range batch {
		path, query := c.pathOf(reads[i])
		if len(query) > 0 {
			path += "?" + query.Encode()
		}
		body.Requests = append(body.Requests, subrequest{http.MethodGet, path, "r" + string(rune('a'+n))})
	}
	var answer struct {
		Responses []struct {
			Status int             `json:"httpStatusCode"`
			Body   json.RawMessage `json:"body"`
		} `json:"compositeResponse"`
	}
	r := request{op: "composite", method: http.MethodPost, path: c.data("composite"), idempotent: true} // it only reads
	if reads[batch[0]].Tooling {
		r.path = c.data("tooling", "composite")
	}
	err := c.json(ctx, r, body, &answer)
	if err == nil && len(answer.Responses) != len(batch) {
		err = &Error{Op: r.op, Code: "HTTP_UNREADABLE", Message: "the answer has not as many parts as there were requests"}
	}
	var said *Error
	if errors.As(err, &said) && slices.Contains([]int{http.StatusNotFound, http.StatusMethodNotAllowed}, said.Status) {
		for _, i := range batch {
			results[i] = c.readOne(ctx, reads[i])
		}
		return
	}
	for n, i := range batch {
		if err != nil {
			results[i] = ReadResult{Err: err}
			continue
		}
		part := answer.Responses[n]
		results[i] = c.readPart(ctx, reads[i], part.Status, part.Body)
	}
}

// readPart reads one part of a composite answer.
func (c *Client) readPart(ctx context.Context, read Read, status int, body json.RawMessage) ReadResult {
	r := request{op: "query"}
	if read.Query == "" {
		r.op = "get " + read.Path
	}
	header := http.Header{"Content-Type": {"application/json"}}
	if said := r.failure(&response{status: status, header: header, body: body}); said != nil {
		if _, passing := Retry(Attempt{Idempotent: true, Arrival: Answered, Number: 1, Status: said.Status, Code: said.Code}); passing {
			return c.readOne(ctx, read) // which tries more than once
		}
		return ReadResult{Err: said}
	}
	if read.Query == "" {
		return ReadResult{Body: body}
	}
	return c.pages(ctx, body)
}

// pages reads the first page of a query and gets the others.
func (c *Client) pages(ctx context.Context, first []byte) ReadResult {
	page, err := decodePage(first, 0)
	if err != nil {
		return ReadResult{Err: err}
	}
	out := ReadResult{Rows: page.Records, Size: page.TotalSize}
	if !page.Done && page.NextRecordsURL != "" {
		r := request{op: "query", method: http.MethodGet, idempotent: true}
		if err := c.follow(ctx, r, page.NextRecordsURL, func(row Row) error {
			out.Rows = append(out.Rows, row)
			return nil
		}); err != nil {
			return ReadResult{Err: err}
		}
	}
	return out
}

func (c *Client) readOne(ctx context.Context, read Read) ReadResult {
	path, query := c.pathOf(read)
	resp, err := c.send(ctx, request{op: "query", method: http.MethodGet, path: path, query: query, idempotent: true})
	switch {
	case err != nil:
		return ReadResult{Err: err}
	case read.Query == "":
		return ReadResult{Body: resp.body}
	}
	return c.pages(ctx, resp.body)
}

// queryPage is one page of a query.
type queryPage struct {
	TotalSize      int    `json:"totalSize"`
	Done           bool   `json:"done"`
	NextRecordsURL string `json:"nextRecordsUrl"`
	Records        []Row  `json:"records"`
}

func decodePage(body []byte, status int) (*queryPage, error) {
	var page queryPage
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	if err := dec.Decode(&page); err != nil {
		return nil, &Error{Op: "query", Status: status, Code: "HTTP_UNREADABLE", Message: "the answer is not the JSON that was expected: " + err.Error()}
	}
	return &page, nil
}

// Bytes gets a resource that is no JSON, such as an event log file. path is below
// /services/data/vXX.0/.
func (c *Client) Bytes(ctx context.Context, path string) ([]byte, error) {
	resp, err := c.send(ctx, request{op: "get", method: http.MethodGet, path: c.data(path), idempotent: true, raw: true})
	if err != nil {
		return nil, err
	}
	return resp.body, nil
}
