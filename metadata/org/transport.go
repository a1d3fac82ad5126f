package org

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/metadata/secret"
)

// A Session is what is needed to speak to one org.
type Session struct {
	InstanceURL string // see CheckURL
	Token       secret.String
	// Refresh gets a new token; it is asked once when a session has ended. nil
	// means that there is no way to.
	Refresh func(context.Context) (secret.String, error)

	Alias, Username, OrgID string // as far as they are known
	ClientID               string // consumer key of the app that the session is of; "" if nothing says it
}

// Config says how an org is reached. InstanceURL and Token are all that most
// callers set.
type Config struct {
	Session
	APIVersion metadata.Version // default metadata.DefaultVersion
	HTTP       *http.Client     // its Transport is used; default one with bounded phases
	Transport  string           // of deploys: "rest" (default) or "soap"
	Timeout    time.Duration    // of one light request; uploads and zips have five times that; default two minutes
	Sleep      func(context.Context, time.Duration) error
	Now        func() time.Time
	Log        func(event string, attrs ...any) // requests as they happen, without bodies and tokens
}

// A Client speaks to one org. It may be used by several goroutines.
type Client struct {
	cfg  Config
	base *url.URL
	http *http.Client

	mu         sync.Mutex
	token      secret.String
	used, max  int
	offset     time.Duration // of the org's clock to ours
	offsetSeen bool
	refreshing sync.Mutex
}

// Limits on what is read of an answer.
const (
	maxErrorBody = 64 << 10
	maxBody      = 32 << 20
	maxZipBody   = 150 << 20 // 100 MB of zip as base64
)

// New checks cfg and fills its gaps.
func New(cfg Config) (*Client, error) {
	base, err := CheckURL(cfg.InstanceURL)
	if err != nil {
		return nil, err
	}
	if cfg.Token.IsZero() {
		return nil, &diag.Problem{Code: "ECA522", Message: "there is no access token for " + base.Host, Hint: "ecactl login"}
	}
	cfg.APIVersion = cmp.Or(cfg.APIVersion, metadata.DefaultVersion)
	cfg.Transport = cmp.Or(cfg.Transport, "rest")
	cfg.Timeout = cmp.Or(cfg.Timeout, 2*time.Minute)
	if cfg.Sleep == nil {
		cfg.Sleep = Sleep
	}
	if cfg.Now == nil {
		cfg.Now = time.Now //nolint:forbidigo // where none is injected
	}
	if cfg.Log == nil {
		cfg.Log = func(string, ...any) {}
	}
	return &Client{cfg: cfg, base: base, token: cfg.Token, http: httpClient(cfg.HTTP)}, nil
}

// httpClient bounds every phase of a request and follows no redirect to another
// host, whatever the given one does.
func httpClient(given *http.Client) *http.Client {
	c := &http.Client{CheckRedirect: sameHost}
	if given != nil && given.Transport != nil {
		c.Transport = given.Transport
		return c
	}
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.DialContext = (&net.Dialer{Timeout: 15 * time.Second, KeepAlive: 30 * time.Second}).DialContext
	t.TLSHandshakeTimeout = 15 * time.Second
	t.MaxIdleConnsPerHost = 8
	c.Transport = t
	return c
}

// A redirectError is an org that answers from elsewhere.
type redirectError struct{ from, to *url.URL }

func (e *redirectError) Error() string {
	return fmt.Sprintf("%s sends on to %s, and a session is for one host", e.from.Host, e.to.Host)
}

func sameHost(req *http.Request, via []*http.Request) error {
	first := via[0]
	if req.URL.Host != first.URL.Host || req.URL.Scheme != first.URL.Scheme || first.Method != http.MethodGet || len(via) > 3 {
		return &redirectError{first.URL, req.URL}
	}
	return nil
}

// Sleep pauses, and no longer than the context lasts.
func Sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.C:
		return nil
	}
}

// Version is the API version that the client speaks.
func (c *Client) Version() metadata.Version { return c.cfg.APIVersion }

// Username is who is logged in, "" if the login does not say.
func (c *Client) Username() string { return c.cfg.Username }

// OrgID is the org's id of 18 characters, "" if the login does not say it.
func (c *Client) OrgID() string { return LongID(c.cfg.OrgID) }

// InstanceURL is the org's address, without a slash at the end.
func (c *Client) InstanceURL() string { return c.base.String() }

// Sleep pauses, and no longer than the context lasts.
func (c *Client) Sleep(ctx context.Context, d time.Duration) error { return c.cfg.Sleep(ctx, d) }

// Usage is what the org last said of its daily limit of API requests.
func (c *Client) Usage() (used, limit int, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.used, c.max, c.max > 0
}

// OrgTime turns a time of this machine into one of the org's clock, as far as
// answers have told it.
func (c *Client) OrgTime(t time.Time) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return t.Add(c.offset)
}

// ClockOffset is how far the org's clock is ahead of this machine's, to the
// second, and whether an answer has told it.
func (c *Client) ClockOffset() (time.Duration, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.offset, c.offsetSeen
}

// A request is one call, as it is sent any number of times.
type request struct {
	op          string // for errors and the log
	method      string
	path        string // "/services/…"
	query       url.Values
	contentType string
	body        func(token string) [][]byte // in pieces, so that a zip is not copied; nil for none
	idempotent  bool
	anonymous   bool
	soap        bool                    // the session is in the body
	heavy       bool                    // carries a zip
	raw         bool                    // the answer is a file, and not JSON
	limit       int64                   // of the answer; default maxBody
	unmarshal   func([]byte, any) error // of JSON; default json.Unmarshal
}

type response struct {
	status int
	header http.Header
	body   []byte
}

// send carries a request out: again where Retry says so, and once more with a
// new token when the session has ended.
func (c *Client) send(ctx context.Context, r request) (*response, error) {
	refreshed, start := false, c.cfg.Now()
	for number := 1; ; number++ {
		token := c.currentToken()
		resp, arrival, err := c.once(ctx, r, token)
		var said *Error
		if err == nil {
			if said = r.failure(resp); said == nil {
				return resp, nil
			}
			err, arrival = said, Answered
			if said.sessionOver() && !refreshed && !r.anonymous {
				refreshed = true
				if err := c.refresh(ctx, token); err != nil {
					return nil, errors.Join(said, err)
				}
				continue
			}
		}
		if ctx.Err() != nil {
			return nil, r.unsure(arrival, context.Cause(ctx))
		}
		if p := (*diag.Problem)(nil); errors.As(err, &p) {
			return nil, err // what has a code of its own is not mended by waiting
		}
		a := Attempt{Idempotent: r.idempotent, Arrival: arrival, Number: number, Jitter: rand.Float64()} //nolint:gosec // a pause is no secret
		if said != nil {
			a.Status, a.Code, a.RetryAfter = said.Status, said.Code, c.retryAfter(resp)
		}
		pause, again := Retry(a)
		if !again || c.cfg.Now().Sub(start) > patience*c.timeout(r) {
			return nil, r.unsure(arrival, err)
		}
		c.cfg.Log("retry", "op", r.op, "in", pause.Round(time.Millisecond), "because", errors.Unwrap(fmt.Errorf("%w", err)))
		if err := c.cfg.Sleep(ctx, pause); err != nil {
			return nil, r.unsure(NotSent, err)
		}
	}
}

// unsure marks the error of a request that may have arrived and must not be
// sent twice.
func (r request) unsure(arrival Arrival, err error) error {
	said, answered := err.(*Error) //nolint:errorlint // as it came from failure
	switch {
	case r.idempotent || arrival == NotSent:
	case arrival == Maybe:
		return fmt.Errorf("%w: %w", ErrAmbiguous, err)
	case answered && strings.HasPrefix(said.Code, "HTTP_") && !passing[said.Status].refused:
		return fmt.Errorf("%w: %w", ErrAmbiguous, err) // something between us and the org answered
	}
	return err
}

// failure turns an answer into an error, or returns nil.
func (r request) failure(resp *response) *Error {
	if r.soap {
		return soapFailure(r.op, resp)
	}
	kind := resp.header.Get("Content-Type")
	switch {
	case resp.status >= 300:
		return restError(r.op, resp)
	case r.raw && !strings.Contains(kind, "html"):
	case len(resp.body) > 0 && !strings.Contains(kind, "json"):
		return &Error{Op: r.op, Status: resp.status, Code: wrongContent, Message: fmt.Sprintf("the answer is %q and not JSON; is there a proxy or a login page in between?", kind)}
	}
	return nil
}

// patience is how many times as long as one request may take a request is tried
// for: an org that says nothing would be waited for six times otherwise.
const patience = 2

func (c *Client) timeout(r request) time.Duration {
	if r.heavy {
		return 5 * c.cfg.Timeout
	}
	return c.cfg.Timeout
}

// once sends a request and reads the whole answer.
func (c *Client) once(ctx context.Context, r request, token secret.String) (*response, Arrival, error) {
	timeout := c.timeout(r)
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, fmt.Errorf("no whole answer within %s", timeout))
	defer cancel()
	u := *c.base
	u.Path, u.RawQuery = r.path, r.query.Encode()
	req, err := http.NewRequestWithContext(ctx, r.method, u.String(), nil)
	if err != nil {
		return nil, NotSent, fmt.Errorf("%s: %w", r.op, err)
	}
	if r.body != nil {
		setBody(req, r.body(token.Reveal()))
	}
	req.Header.Set("User-Agent", "ecactl")
	if r.contentType != "" {
		req.Header.Set("Content-Type", r.contentType)
	}
	switch {
	case r.soap:
		req.Header.Set("SOAPAction", `""`)
	case !r.anonymous:
		req.Header.Set("Authorization", "Bearer "+token.Reveal())
	}
	start := c.cfg.Now()
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, ArrivalOf(err), c.networkError(ctx, r, err)
	}
	defer resp.Body.Close()
	c.note(resp.Header, start)
	limit := cmp.Or(r.limit, maxBody)
	if resp.StatusCode >= 300 {
		limit = maxErrorBody
	}
	data, err := readBody(resp, limit+1)
	c.cfg.Log(r.op, "method", r.method, "path", r.path, "status", resp.StatusCode, "bytes", len(data), "took", c.cfg.Now().Sub(start).Round(time.Millisecond))
	if err == nil && int64(len(data)) > limit {
		if resp.StatusCode < 300 {
			return nil, Maybe, fmt.Errorf("%s: the answer is larger than %d bytes", r.op, limit)
		}
		data = data[:limit]
	}
	if err != nil {
		return nil, Maybe, c.networkError(ctx, r, fmt.Errorf("the answer was cut off: %w", err))
	}
	return &response{resp.StatusCode, resp.Header, data}, Answered, nil
}

// setBody gives a request a body of pieces.
func setBody(req *http.Request, pieces [][]byte) {
	for _, piece := range pieces {
		req.ContentLength += int64(len(piece))
	}
	req.GetBody = func() (io.ReadCloser, error) {
		readers := make([]io.Reader, len(pieces))
		for i, piece := range pieces {
			readers[i] = bytes.NewReader(piece)
		}
		return io.NopCloser(io.MultiReader(readers...)), nil
	}
	req.Body, _ = req.GetBody() // it has no errors
}

// readBody reads an answer, and no more than limit of it.
func readBody(resp *http.Response, limit int64) ([]byte, error) {
	var b bytes.Buffer
	if n := resp.ContentLength; n > 0 && n < limit {
		b.Grow(int(n) + bytes.MinRead)
	}
	_, err := b.ReadFrom(io.LimitReader(resp.Body, limit))
	return b.Bytes(), err
}

// ArrivalOf says whether a request that got no answer may have been sent.
func ArrivalOf(err error) Arrival {
	var op *net.OpError
	var redirect *redirectError
	if errors.As(err, &op) && op.Op == "dial" || errors.As(err, &redirect) {
		return NotSent
	}
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return NotSent
	}
	return Maybe
}

// networkError explains what went wrong without the URL, which says nothing
// that the org's name does not.
func (c *Client) networkError(ctx context.Context, r request, err error) error {
	if redirect, ok := errors.AsType[*redirectError](err); ok {
		return &diag.Problem{
			Code: "ECA523", Message: r.op + ": " + redirect.Error(), Err: redirect,
			Hint: "the org may have moved or changed its My Domain; log in again, at the new address",
		}
	}
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	if cause := context.Cause(ctx); ctx.Err() != nil && cause != nil {
		err = cause
	}
	return fmt.Errorf("%s: %s: %w", r.op, c.base.Host, err)
}

// note remembers what headers say of limits and of the org's clock.
func (c *Client) note(h http.Header, start time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, usage, ok := strings.Cut(h.Get("Sforce-Limit-Info"), "api-usage="); ok {
		usage, _, _ = strings.Cut(usage, ";")
		used, limit, _ := strings.Cut(usage, "/")
		u, err1 := strconv.Atoi(strings.TrimSpace(used))
		m, err2 := strconv.Atoi(strings.TrimSpace(limit))
		if err1 == nil && err2 == nil {
			c.used, c.max = u, m
		}
	}
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		c.offset, c.offsetSeen = date.Sub(start.Truncate(time.Second)), true
	}
}

func (c *Client) retryAfter(r *response) time.Duration {
	value := r.header.Get("Retry-After")
	if seconds, err := strconv.Atoi(value); err == nil && seconds >= 0 {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(0, at.Sub(c.OrgTime(c.cfg.Now())))
	}
	return 0
}

func (c *Client) currentToken() secret.String {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.token
}

// refresh gets a new token, once for all that used the old one.
func (c *Client) refresh(ctx context.Context, old secret.String) error {
	c.refreshing.Lock()
	defer c.refreshing.Unlock()
	if c.currentToken().Reveal() != old.Reveal() {
		return nil // somebody else was quicker
	}
	if c.cfg.Refresh == nil {
		return &diag.Problem{Code: "ECA524", Message: "the session has ended, and there is no way to begin a new one", Hint: "log in again, or set SF_ACCESS_TOKEN anew"}
	}
	c.cfg.Log("refresh", "host", c.base.Host)
	token, err := c.cfg.Refresh(ctx)
	if err != nil {
		return fmt.Errorf("beginning a new session: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.token = token
	return nil
}
