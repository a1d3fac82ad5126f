package verify

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/ecactl/ecactl/metadata/org"
	"github.com/ecactl/ecactl/metadata/org/login"
	"github.com/ecactl/ecactl/metadata/secret"
)

// A held token is one that has to be given back.
type held struct {
	what    string // "the refresh token of the authorization code flow"
	token   secret.String
	refresh bool
}

const (
	answerWait = 30 * time.Second // for one answer
	returnWait = 30 * time.Second // for giving everything back
)

// ask sends a request to the token endpoint and notes what it hands out, before
// anybody sees it. A request that was sent is waited for even if the run is
// interrupted: its answer has a token in it.
func (r *run) ask(ctx context.Context, at *login.Endpoint, flow string, form url.Values) (*login.Tokens, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	patient, cancel := context.WithTimeout(context.WithoutCancel(ctx), answerWait)
	defer cancel()
	t, err := at.Token(patient, form)
	if err != nil {
		var refusal *org.Error
		if !errors.As(err, &refusal) || refusal.Code == "HTTP_UNREADABLE" {
			r.lost++ // the org may have handed something out
		}
		return nil, err
	}
	r.note("the refresh token of the "+flow+" flow", t.Refresh, true)
	r.note("the access token of the "+flow+" flow", t.Access, false)
	return t, nil
}

func (r *run) note(what string, token secret.String, refresh bool) {
	// An org may give a user of an app the access token that it gave before: that
	// of the session that verifies is not to be ended.
	if token.IsZero() || token.Reveal() == r.Session.Token.Reveal() {
		return
	}
	r.Learned(token)
	for _, h := range r.held {
		if h.token.Reveal() == token.Reveal() {
			return
		}
	}
	r.held = append(r.held, held{what: what, token: token, refresh: refresh})
}

// revoke ends a token; one that has ended already is ended.
func (r *run) revoke(ctx context.Context, token secret.String) error {
	err := r.Endpoint.Revoke(ctx, token)
	var refusal *org.Error
	if errors.As(err, &refusal) && (refusal.Code == "invalid_token" || refusal.Code == "unsupported_token_type") {
		return nil
	}
	return err
}

// tries is how often a token is given back that the org does not take.
const tries = 3

// giveBack revokes all that was handed out: refresh tokens first, the newest of
// all, as they take their access tokens with them. What was revoked before is
// revoked once more: an org that only said so gets a second chance. It does not
// heed that the run was interrupted.
func (r *run) giveBack(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), returnWait)
	defer cancel()
	for _, refresh := range []bool{true, false} {
		for i := len(r.held) - 1; i >= 0; i-- {
			if h := r.held[i]; h.refresh == refresh {
				r.giveOneBack(ctx, h)
			}
		}
	}
	if r.lost > 0 {
		r.app.Left = append(r.app.Left, fmt.Sprintf("what %d answer(s) of the token endpoint held that did not arrive; it ends by the app's policy", r.lost))
	}
	switch {
	case len(r.app.Left) > 0:
		c := r.add("cleanup", Failed, fmt.Sprintf("%d of %d tokens are revoked; left: %s", r.app.Revoked, len(r.held), r.app.Left[0]))
		c.Do = []string{"end the sessions of the user in Setup: OAuth and OpenID Connect usage of the app, Revoke"}
	case len(r.held) > 0:
		r.pass("cleanup", "%d of %d", r.app.Revoked, len(r.held))
	}
}

func (r *run) giveOneBack(ctx context.Context, h held) {
	var err error
	for n := range tries {
		if n > 0 && r.System.Sleep != nil {
			_ = r.System.Sleep(ctx, time.Duration(n)*time.Second) // the next try fails if the time is over
		}
		if err = r.revoke(ctx, h.token); err == nil {
			r.app.Revoked++
			return
		}
	}
	r.app.Left = append(r.app.Left, h.what+" ("+said(err)+")")
}
