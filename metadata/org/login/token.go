package login

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/metadata/org"
	"github.com/ecactl/ecactl/metadata/secret"
)

// tokenWait bounds a request to a token endpoint, and tokenPatience all that is tried
// for a token: an endpoint may ask for a pause of a minute.
const (
	tokenWait     = 30 * time.Second
	tokenPatience = 3 * tokenWait
)

// client is the HTTP client of token endpoints. It follows no redirect: a 307
// would send the assertion, or the secret, once more.
func (s System) client() *http.Client {
	c := &http.Client{Timeout: tokenPatience, CheckRedirect: func(req *http.Request, via []*http.Request) error {
		return &diag.Problem{
			Code: "ECA523", Message: fmt.Sprintf("the login host %s sends on to %s", via[0].URL.Host, req.URL.Host),
			Hint: "log in at that host, if it is your org's My Domain",
		}
	}}
	if s.HTTP != nil {
		c.Transport = s.HTTP.Transport
	}
	return c
}

// context gives golang.org/x/oauth2 the client to use. repeatable is a request
// that may be sent twice: an assertion or a secret gets another token each time,
// and a code or a token that rotates is good once.
func (s System) context(ctx context.Context, repeatable bool) context.Context {
	c := s.client()
	c.Transport = persistent{limited{c.Transport}, s.Sleep, repeatable}
	return context.WithValue(ctx, oauth2.HTTPClient, c)
}

// noting gives golang.org/x/oauth2 a client that keeps the error of its last request:
// package jwt makes a text of it.
func (s System) noting(ctx context.Context, repeatable bool) (context.Context, func(error) error) {
	ctx = s.context(ctx, repeatable)
	c := ctx.Value(oauth2.HTTPClient).(*http.Client) //nolint:forcetypeassert // as context has it
	var noted error
	c.Transport = noter{c.Transport, &noted}
	refuse := c.CheckRedirect
	c.CheckRedirect = func(r *http.Request, via []*http.Request) error {
		noted = refuse(r, via)
		return noted
	}
	return ctx, func(err error) error {
		if noted != nil {
			return &url.Error{Op: http.MethodPost, Err: noted}
		}
		return err
	}
}

type noter struct {
	next  http.RoundTripper
	noted *error
}

func (n noter) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := n.next.RoundTrip(r)
	*n.noted = err
	return resp, err
}

// persistent sends a request again as the requests of package org are.
type persistent struct {
	next       http.RoundTripper
	sleep      func(context.Context, time.Duration) error
	repeatable bool
}

func (p persistent) RoundTrip(r *http.Request) (*http.Response, error) {
	for number := 1; ; number++ {
		resp, err := p.next.RoundTrip(r)
		pause, again := org.Retry(p.attempt(resp, err, number))
		if !again || r.GetBody == nil || err == nil && resp.StatusCode < 300 {
			return resp, err
		}
		if resp != nil {
			_ = resp.Body.Close() // nothing in it is wanted
		}
		if err := p.sleep(r.Context(), pause); err != nil {
			return nil, err
		}
		r = r.Clone(r.Context())
		if r.Body, err = r.GetBody(); err != nil {
			return nil, err
		}
	}
}

func (p persistent) attempt(resp *http.Response, err error, number int) org.Attempt {
	a := org.Attempt{Idempotent: p.repeatable, Number: number}
	var said *org.Error
	switch {
	case errors.As(err, &said):
		a.Arrival, a.Status, a.Code = org.Answered, said.Status, said.Code
	case err != nil:
		a.Arrival = org.ArrivalOf(err)
	default:
		a.Arrival, a.Status = org.Answered, resp.StatusCode
		if seconds, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && seconds > 0 {
			a.RetryAfter = time.Duration(seconds) * time.Second
		}
	}
	return a
}

// limited bounds the body of every answer, and takes a page of HTML for the
// error that it is.
type limited struct{ next http.RoundTripper }

const maxTokenAnswer = 64 << 10

func (l limited) RoundTrip(r *http.Request) (*http.Response, error) {
	next := l.next
	if next == nil {
		next = http.DefaultTransport
	}
	resp, err := next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if kind := resp.Header.Get("Content-Type"); resp.StatusCode < 300 && !strings.Contains(kind, "json") {
		_ = resp.Body.Close() // nothing in it is wanted
		return nil, &org.Error{Op: "token", Status: resp.StatusCode, Code: "HTTP_WRONG_CONTENT", Message: fmt.Sprintf("the answer is %q and not JSON; is there a proxy in between?", kind)}
	}
	// The whole of it is read here, so that an answer that was cut off is one that
	// did not come.
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxTokenAnswer+1))
	_ = resp.Body.Close() // it was read
	switch unreadable := (&org.Error{Op: "token", Status: resp.StatusCode, Code: "HTTP_UNREADABLE"}); {
	case err != nil:
		return nil, fmt.Errorf("the answer was cut off: %w", err)
	case len(data) > maxTokenAnswer:
		unreadable.Message = fmt.Sprintf("the answer is larger than %d KB", maxTokenAnswer>>10)
		return nil, unreadable
	case resp.StatusCode < 300 && !json.Valid(data):
		unreadable.Message = "the answer is not whole: it ends within its JSON, or is none"
		return nil, unreadable
	}
	resp.Body = io.NopCloser(bytes.NewReader(data))
	return resp, nil
}

// tokenURL is the token endpoint of a login host.
func tokenURL(host *url.URL) string { return host.String() + "/services/oauth2/token" }

// said turns an error of golang.org/x/oauth2 into what Salesforce said, without
// the raw body, which may hold anything.
func said(err error) error {
	var r *oauth2.RetrieveError
	if !errors.As(err, &r) {
		if u, ok := errors.AsType[*url.Error](err); ok {
			if p, ok := errors.AsType[*diag.Problem](u.Err); ok {
				return p
			}
			return fmt.Errorf("asking for a token: %w", u.Err)
		}
		return fmt.Errorf("asking for a token: %w", err)
	}
	e := &org.Error{Op: "token", Code: r.ErrorCode, Message: r.ErrorDescription}
	if r.Response != nil {
		e.Status = r.Response.StatusCode
	}
	if e.Code == "" { // package jwt leaves it in the body
		var body struct {
			Error       string `json:"error"`
			Description string `json:"error_description"`
		}
		if json.Unmarshal(bytes.TrimSpace(r.Body), &body) == nil {
			e.Code, e.Message = body.Error, body.Description
		}
	}
	if e.Code == "" {
		e.Code, e.Message = fmt.Sprintf("HTTP_%d", e.Status), http.StatusText(e.Status)
	}
	return e
}

// loginOf makes a login of what a token endpoint answered. instance_url comes
// over the network, so it is checked; from then on it is used for everything.
func loginOf(t *oauth2.Token, a Account, s credentials) (*Login, error) {
	instance, _ := t.Extra("instance_url").(string)
	u, err := org.CheckURL(instance)
	if err != nil {
		return nil, fmt.Errorf("asking for a token: the answer's instance_url: %w", err)
	}
	if t.AccessToken == "" {
		return nil, &org.Error{Op: "token", Code: "HTTP_UNREADABLE", Message: "the answer has no access token"}
	}
	a.InstanceURL = u.String()
	if identity, _ := t.Extra("id").(string); identity != "" { // …/id/00D…/005…
		if parts := strings.Split(identity, "/"); len(parts) >= 2 {
			a.OrgID = parts[len(parts)-2]
		}
	}
	if t.RefreshToken != "" {
		s.RefreshToken = t.RefreshToken
	}
	return &Login{Account: a, Token: secret.New(t.AccessToken), secrets: s}, nil
}

// identify asks the org who is logged in, and what kind of an org it is.
func (s System) identify(ctx context.Context, l *Login) error {
	c, err := org.New(org.Config{Session: org.Session{InstanceURL: l.Account.InstanceURL, Token: l.Token}, HTTP: s.HTTP, Sleep: s.Sleep, Timeout: tokenWait})
	if err != nil {
		return err
	}
	u, err := c.User(ctx)
	if err != nil {
		return fmt.Errorf("asking who is logged in: %w", err)
	}
	l.Account.Username, l.Account.OrgID = u.Username, org.LongID(u.OrgID)
	if o, err := c.Organization(ctx); err == nil {
		l.Account.Kind = o.Kind
	} else {
		l.Account.Kind = org.KindOfHost(l.Account.InstanceURL)
	}
	l.Account.Since = s.Now().UTC().Truncate(time.Second)
	return nil
}
