package orgtest

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Fault breaks something on purpose, for as many requests as Count says.
type Fault struct {
	Kind  string        // one of FaultKinds
	Path  string        // a pattern of the request's path, as path.Match has it; "" is any, and a * at the end takes the rest
	Op    string        // a SOAP operation, or "deploy", "status", "query", "token" for REST; "" is any
	After int           // so many requests that fit are let through before
	Count int           // 0 is one; -1 is every one
	For   time.Duration // of latency and slow

	seen, done int
}

// faultKinds are the kinds of faults, and what each does to an answer.
var faultKinds = map[string]struct {
	says  string
	serve func(o *Org, f *Fault, w http.ResponseWriter, r *http.Request)
}{
	"latency":       {"answers later", nil},
	"slow":          {"answers byte by byte", nil},
	"truncated":     {"ends in the middle of the answer", nil},
	"reset-after":   {"does the work and breaks the connection", nil},
	"reset-before":  {"breaks the connection before reading", (*Org).breakConnection},
	"503":           {"answers 503 with a page of HTML", (*Org).serve503},
	"401":           {"says that the session is over", (*Org).serve401},
	"403":           {"says that the daily limit is used up", (*Org).serve403},
	"redirect":      {"sends on to another host", (*Org).serveRedirect},
	"content-type":  {"answers 200 with a page of HTML", (*Org).serveHTML},
	"denied":        {"keeps an object of queries, or listMetadata or retrieve, from the user: op names it", (*Org).serveDenied},
	"elsewhere":     {"hands out tokens with the instance_url of another org", nil},
	"kept":          {"says that it has revoked a token, and has not", (*Org).serveKept},
	"pending":       {"a deploy that is never over", nil},
	"failed":        {"a deploy that fails as a whole", nil},
	"canceled":      {"a deploy that somebody else cancels", nil},
	"finalizing":    {"a deploy that finalizes for a while", nil},
	"not-found-yet": {"a deploy that is not known for a moment", nil},
}

// deployFaults are about deploys and not about requests.
var deployFaults = []string{"pending", "failed", "canceled", "finalizing"}

// FaultKinds lists the kinds, with what each does.
func FaultKinds() map[string]string {
	kinds := map[string]string{}
	for k, v := range faultKinds {
		kinds[k] = v.says
	}
	return kinds
}

// faultKeys set the parts of a fault that is written as text.
var faultKeys = map[string]func(f *Fault, value string) error{
	"kind": func(f *Fault, v string) error {
		if _, ok := faultKinds[v]; !ok {
			return fmt.Errorf("there is no kind %q (%s)", v, strings.Join(slices.Sorted(maps.Keys(faultKinds)), ", "))
		}
		f.Kind = v
		return nil
	},
	"path": func(f *Fault, v string) error {
		f.Path = v
		_, err := path.Match(strings.TrimSuffix(v, "*"), "")
		return err
	},
	"op":    func(f *Fault, v string) error { f.Op = v; return nil },
	"after": func(f *Fault, v string) (err error) { f.After, err = wholeNumber(v, 0); return err },
	"count": func(f *Fault, v string) (err error) { f.Count, err = wholeNumber(v, -1); return err },
	"for": func(f *Fault, v string) (err error) {
		if f.For, err = time.ParseDuration(v); err == nil && f.For < 0 {
			err = fmt.Errorf("%s is no time to wait", v)
		}
		return err
	},
}

func wholeNumber(v string, least int) (int, error) {
	n, err := strconv.Atoi(v)
	if err != nil || n < least {
		return 0, fmt.Errorf("%q is no whole number from %d on", v, least)
	}
	return n, nil
}

// ParseFault reads a fault such as "kind=503,path=/services/Soap/*,count=2".
func ParseFault(s string) (Fault, error) {
	var f Fault
	for part := range strings.SplitSeq(s, ",") {
		k, v, ok := strings.Cut(part, "=")
		if !ok && f.Kind == "" {
			k, v = "kind", part // the kind may stand alone
		}
		set, known := faultKeys[strings.TrimSpace(k)]
		if !known {
			names := slices.Sorted(maps.Keys(faultKeys))
			return f, fmt.Errorf("a fault has no %q (%s)", k, strings.Join(names, ", "))
		}
		if err := set(&f, strings.TrimSpace(v)); err != nil {
			return f, fmt.Errorf("%s: %w", k, err)
		}
	}
	if f.Kind == "" {
		return f, fmt.Errorf("a fault needs a kind (%s)", strings.Join(slices.Sorted(maps.Keys(faultKinds)), ", "))
	}
	return f, nil
}

// fits tells whether a request is one that the fault is about.
func (f *Fault) fits(p, op string) bool {
	if f.Op != "" && !strings.EqualFold(f.Op, op) {
		return false
	}
	if f.Path == "" {
		return true
	}
	if prefix, ok := strings.CutSuffix(f.Path, "*"); ok && strings.HasPrefix(p, prefix) {
		return true
	}
	ok, _ := path.Match(f.Path, p) // a bad pattern fits nothing
	return ok
}

// due counts a request that fits, and tells whether the fault strikes.
func (f *Fault) due() bool {
	f.seen++
	if f.seen <= f.After || f.Count >= 0 && f.done >= max(f.Count, 1) {
		return false
	}
	f.done++
	return true
}

// fault finds the fault that strikes a request, or nil.
func (o *Org) fault(p, op string) *Fault {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, f := range o.faults {
		if f.Kind == "denied" && (f.Op == "" || !strings.HasPrefix(p, "/services/Soap/")) {
			continue // the object of a query is not known yet
		}
		if !slices.Contains(deployFaults, f.Kind) && f.fits(p, op) && (f.Kind == "denied" || f.due()) {
			return f
		}
	}
	return nil
}

// deployFault is the kind of the fault that strikes a look at a deploy.
func (o *Org) deployFault() string {
	for _, f := range o.faults {
		if slices.Contains(deployFaults, f.Kind) && f.due() {
			return f.Kind
		}
	}
	return ""
}

// disturb does to a deploy what a fault says; it tells whether the look is over
// with it.
func (o *Org) disturb(d *deployment, kind string) bool {
	switch kind {
	case "pending":
	case "finalizing":
		d.status = "Finalizing"
	case "canceled":
		o.cancel(d, &User{ID: "0055g00000OTHERAAA", Name: "Somebody Else"})
	case "failed":
		d.error = "UNKNOWN_EXCEPTION: An unexpected error occurred. Please include this ErrorId if you contact support: 1-1 (1)"
		o.finish(d)
	}
	return true
}

func (o *Org) breakConnection(_ *Fault, w http.ResponseWriter, _ *http.Request) {
	if h, ok := w.(http.Hijacker); ok {
		if conn, _, err := h.Hijack(); err == nil {
			_ = conn.Close() // that is the fault
		}
	}
}

const maintenance = "<!DOCTYPE html><html><head><title>Maintenance</title></head><body><h1>Down for maintenance</h1></body></html>"

func (o *Org) serve503(_ *Fault, w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html;charset=UTF-8")
	w.WriteHeader(http.StatusServiceUnavailable)
	_, _ = io.WriteString(w, maintenance) // the client may be gone
}

func (o *Org) serveHTML(_ *Fault, w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html;charset=UTF-8")
	_, _ = io.WriteString(w, maintenance) // the client may be gone
}

func (o *Org) serveKept(_ *Fault, w http.ResponseWriter, _ *http.Request) {
	w.WriteHeader(http.StatusOK)
}

func (o *Org) serveRedirect(_ *Fault, w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, "https://moved.my.salesforce.com"+r.URL.Path, http.StatusTemporaryRedirect) //nolint:gosec // that is the fault
}

func (o *Org) serveDenied(_ *Fault, w http.ResponseWriter, _ *http.Request) {
	writeFault(w, "INSUFFICIENT_ACCESS", "use of the Metadata API requires a user with the ModifyAllData or ModifyMetadata permissions")
}

func (o *Org) serve401(_ *Fault, w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	delete(o.tokens, bearer(r))
	o.mu.Unlock()
	if strings.HasPrefix(r.URL.Path, "/services/Soap/") {
		writeFault(w, "INVALID_SESSION_ID", invalidSession)
		return
	}
	restFail(w, http.StatusUnauthorized, "INVALID_SESSION_ID", "Session expired or invalid")
}

func (o *Org) serve403(_ *Fault, w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/services/Soap/") {
		writeFault(w, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
		return
	}
	restFail(w, http.StatusForbidden, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
}

// disturbed answers a request under a fault that lets the work be done.
func (o *Org) disturbed(f *Fault, w http.ResponseWriter, r *http.Request) {
	pause := f.For
	if pause == 0 {
		pause = 2 * time.Second
	}
	if f.Kind == "latency" {
		wait(r, pause)
		o.answer(w, r)
		return
	}
	rec := &recorder{header: http.Header{}, status: http.StatusOK}
	o.answer(rec, r)
	switch f.Kind {
	case "reset-after":
		o.breakConnection(f, w, r)
	case "not-found-yet":
		if strings.HasPrefix(r.URL.Path, "/services/Soap/") {
			writeFault(w, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
			return
		}
		restFail(w, http.StatusNotFound, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
	case "elsewhere":
		maps.Copy(w.Header(), rec.header)
		w.WriteHeader(rec.status)
		_, _ = io.WriteString(w, strings.ReplaceAll(rec.body.String(), o.url, "https://elsewhere.my.salesforce.com")) // the client may be gone
	case "truncated":
		maps.Copy(w.Header(), rec.header)
		w.Header().Set("Content-Length", strconv.Itoa(rec.body.Len()))
		w.WriteHeader(rec.status)
		_, _ = w.Write(rec.body.Bytes()[:rec.body.Len()/2]) // the server closes the connection, for the length is wrong
	case "slow":
		maps.Copy(w.Header(), rec.header)
		w.WriteHeader(rec.status)
		for b := range slices.Chunk(rec.body.Bytes(), max(1, rec.body.Len()/20)) {
			if _, err := w.Write(b); err != nil || !wait(r, pause/20) {
				return
			}
			if f, ok := w.(http.Flusher); ok {
				f.Flush()
			}
		}
	}
}

// wait pauses unless the client goes away.
func wait(r *http.Request, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-r.Context().Done():
		return false
	case <-t.C:
		return true
	}
}

// recorder keeps an answer.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(status int)      { r.status = status }
func (r *recorder) Write(b []byte) (int, error) { return r.body.Write(b) }
