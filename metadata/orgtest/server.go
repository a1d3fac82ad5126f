package orgtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/klauspost/compress/gzip"

	"github.com/ecactl/ecactl/metadata"
)

// maxRequest is more than the Metadata API takes.
const maxRequest = 60 << 20

// operations of the REST API, by what its paths have in them, for faults and the
// list of requests.
var operations = []struct{ part, op string }{
	{"/metadata/deployRequest/", "status"},
	{"/metadata/deployRequest", "deploy"},
	{"/query", "query"},
	{"/services/oauth2/token", "token"},
	{"/services/oauth2/authorize", "authorize"},
	{"/services/oauth2/revoke", "revoke"},
	{"/services/oauth2/introspect", "introspect"},
	{"/services/oauth2/userinfo", "userinfo"},
	{"/limits", "limits"},
	{"/composite", "composite"},
	{"/apps/oauth/", "apps"},
}

// ServeHTTP answers a request. Slashes are collapsed first and never redirected:
// sf writes two after a login by access token.
func (o *Org) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	for strings.Contains(r.URL.Path, "//") {
		r.URL.Path = strings.ReplaceAll(r.URL.Path, "//", "/")
	}
	op := ""
	if strings.HasPrefix(r.URL.Path, "/services/Soap/") {
		body, err := io.ReadAll(io.LimitReader(r.Body, maxRequest+1))
		if err != nil || len(body) > maxRequest {
			http.Error(w, "the request is too large", http.StatusRequestEntityTooLarge)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		op = soapOperation(body)
	} else {
		for _, known := range operations {
			if strings.Contains(r.URL.Path, known.part) {
				op = known.op
				break
			}
		}
	}
	arrived := Request{r.Method, r.URL.Path, op, r.URL.RawQuery}
	o.mu.Lock()
	o.requests = append(o.requests, arrived)
	o.goOn()
	o.mu.Unlock()
	if o.cfg.Log != nil {
		o.cfg.Log(arrived)
	}
	if o.cfg.Latency > 0 {
		wait(r, o.cfg.Latency)
	}
	f := o.fault(r.URL.Path, op)
	switch {
	case f == nil:
		o.compressed(w, r)
	case faultKinds[f.Kind].serve != nil:
		faultKinds[f.Kind].serve(o, f, w, r)
	default:
		o.disturbed(f, w, r)
	}
}

// compressed answers with gzip if the client takes it.
func (o *Org) compressed(w http.ResponseWriter, r *http.Request) {
	if !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		o.answer(w, r)
		return
	}
	rec := &recorder{header: w.Header(), status: http.StatusOK}
	o.answer(rec, r)
	const worth = 1400 // bytes: less fits into one packet as it is
	if rec.body.Len() < worth {
		w.WriteHeader(rec.status)
		_, _ = w.Write(rec.body.Bytes()) // the client may be gone
		return
	}
	w.Header().Set("Content-Encoding", "gzip")
	w.WriteHeader(rec.status)
	z, _ := gzip.NewWriterLevel(w, gzip.BestSpeed) // the level is one that there is
	_, _ = z.Write(rec.body.Bytes())
	_ = z.Close()
}

// answer routes a request.
func (o *Org) answer(w http.ResponseWriter, r *http.Request) {
	p := r.URL.Path
	switch {
	case strings.HasPrefix(p, "/services/Soap/"):
		o.serveSOAP(w, r)
	case p == "/services/data" || p == "/services/data/":
		o.serveVersions(w)
	case strings.HasPrefix(p, "/services/oauth2/"), strings.HasPrefix(p, "/id/"):
		o.serveOAuth(w, r)
	case strings.HasPrefix(p, "/services/data/v"):
		o.serveData(w, r)
	case p == "/emulator/migrate" && r.Method == http.MethodPost:
		o.serveMigrate(w, r)
	default:
		restFail(w, http.StatusNotFound, "NOT_FOUND", "The requested resource does not exist")
	}
}

// bearer is the access token of a REST request.
func bearer(r *http.Request) string {
	kind, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if strings.EqualFold(kind, "Bearer") || strings.EqualFold(kind, "OAuth") {
		return strings.TrimSpace(token)
	}
	return ""
}

func restFail(w http.ResponseWriter, status int, code, text string) {
	writeJSON(w, status, []map[string]any{{"message": text, "errorCode": code}})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.WriteHeader(status)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v) // the client may be gone
}

// releaseName is the season of an API version: 58 is Summer '23.
func releaseName(v metadata.Version) string {
	n := int(v) - 58
	year := 24 + n/3
	if n%3 == 0 {
		year--
	}
	return fmt.Sprintf("%s '%d", []string{"Summer", "Winter", "Spring"}[n%3], year)
}

const oldestVersion metadata.Version = retiredVersions + 1

func (o *Org) serveVersions(w http.ResponseWriter) {
	var list []map[string]string
	for v := oldestVersion; v <= o.cfg.NewestVersion; v++ {
		label := "API " + v.String()
		if v >= 58 {
			label = releaseName(v)
		}
		list = append(list, map[string]string{"label": label, "url": "/services/data/v" + v.String(), "version": v.String()})
	}
	writeJSON(w, http.StatusOK, list)
}

// A call is a REST request below /services/data/vXX.0.
type call struct {
	w       http.ResponseWriter
	r       *http.Request
	version metadata.Version
	rest    string // of the path, without slashes at its ends
	query   url.Values
	session *session
}

// A resource is a part of the REST API.
type resource struct {
	prefix string
	serve  func(*Org, *call)
}

// resources lists them, the longest paths first. It is a function because one of
// them, composite, calls the others.
func resources() []resource {
	return []resource{
		{"metadata/deployRequest", (*Org).serveDeployRequest},
		{"tooling/composite", (*Org).serveComposite},
		{"tooling/queryAll", (*Org).serveToolingQuery},
		{"tooling/query", (*Org).serveToolingQuery},
		{"tooling/sobjects", (*Org).serveToolingObjects},
		{"composite/batch", (*Org).serveBatch},
		{"composite", (*Org).serveComposite},
		{"queryAll", (*Org).serveQuery},
		{"query", (*Org).serveQuery},
		{"sobjects", (*Org).serveObjects},
		{"limits", (*Org).serveLimits},
		{"apps/oauth/usage", (*Org).serveUsage},
		{"apps/oauth/credentials", (*Org).serveCredentials},
	}
}

func (o *Org) serveData(w http.ResponseWriter, r *http.Request) {
	number, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/services/data/v"), "/")
	v, err := metadata.ParseVersion(number)
	if err == nil && v <= retiredVersions {
		restFail(w, http.StatusGone, "UNSUPPORTED_API_VERSION", "The API version "+v.String()+" is retired")
		return
	}
	if err != nil || v > o.cfg.NewestVersion {
		restFail(w, http.StatusNotFound, "NOT_FOUND", "The requested resource does not exist")
		return
	}
	o.mu.Lock()
	s := o.tokens[bearer(r)]
	o.mu.Unlock()
	if s == nil {
		restFail(w, http.StatusUnauthorized, "INVALID_SESSION_ID", "Session expired or invalid")
		return
	}
	w.Header().Set("Sforce-Limit-Info", "api-usage="+o.usage()+"/15000")
	c := &call{w, r, v, strings.Trim(rest, "/"), r.URL.Query(), s}
	if c.rest == "" {
		o.serveRoot(c)
		return
	}
	for _, res := range resources() {
		if c.rest == res.prefix || strings.HasPrefix(c.rest, res.prefix+"/") {
			c.rest = strings.Trim(strings.TrimPrefix(c.rest, res.prefix), "/")
			res.serve(o, c)
			return
		}
	}
	restFail(w, http.StatusNotFound, "NOT_FOUND", "The requested resource does not exist")
}

func (o *Org) usage() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return fmt.Sprint(len(o.requests))
}

func (o *Org) serveRoot(c *call) {
	root := map[string]string{}
	for _, name := range []string{"sobjects", "query", "queryAll", "tooling", "metadata", "limits", "composite", "search", "connect"} {
		root[name] = "/services/data/v" + c.version.String() + "/" + name
	}
	root["identity"] = o.identityURL(c.session.user)
	writeJSON(c.w, http.StatusOK, root)
}

func (o *Org) serveLimits(c *call) {
	used := 0
	o.mu.Lock()
	used = len(o.requests)
	o.mu.Unlock()
	writeJSON(c.w, http.StatusOK, map[string]any{
		"DailyApiRequests": map[string]int{"Max": 15000, "Remaining": 15000 - used},
		"DataStorageMB":    map[string]int{"Max": 5, "Remaining": 5},
	})
}
