package verify

import (
	"context"
	"slices"
	"strings"

	"github.com/ecactl/ecactl/metadata/org/login"
	"github.com/ecactl/ecactl/metadata/secret"
)

// A way is a login that has worked, and will again.
type way struct {
	again     func(context.Context) (*login.Tokens, error)
	who       string
	refreshes bool
}

// once more logs in by the way that needs the least: the last one found needs no
// person, if there is such a one.
func (r *run) onceMore(ctx context.Context, refreshes bool) (*login.Tokens, string, error) {
	for _, w := range slices.Backward(r.ways) {
		if refreshes && !w.refreshes {
			continue
		}
		t, err := w.again(ctx)
		return t, w.who, err
	}
	return nil, "", nil
}

func (r *run) introspection(ctx context.Context) error {
	all := []string{"introspection.active", "introspection.without-secret", "introspection.others"}
	t, who, err := r.onceMore(ctx, false)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		r.skipAll("no further login worked: "+said(err), all...)
		return nil
	case t == nil:
		r.skipAll("no login worked whose token could be asked about", all...)
		return nil
	case r.Secret.IsZero():
		r.skipAll(r.noSecret(), all...)
		return nil
	}
	r.ownToken(ctx, t, who)
	switch bare, err := r.Endpoint.Introspect(ctx, t.Access, r.ClientID, secret.String{}); {
	case err == nil && bare.Active:
		r.fail("introspection.without-secret", nil, "the org told of the token")
	case err == nil:
		r.pass("introspection.without-secret", "the org told nothing of the token")
	default:
		r.mustBeRefused("introspection.without-secret", err, "")
	}
	r.othersToken(ctx)
	return ctx.Err()
}

// ownToken asks about a token of the app.
func (r *run) ownToken(ctx context.Context, t *login.Tokens, who string) {
	const id = "introspection.active"
	in, err := r.Endpoint.Introspect(ctx, t.Access, r.ClientID, r.Secret)
	switch {
	case err != nil:
		r.fail(id, err, "")
	case !in.Active:
		r.fail(id, nil, "the org says that the token is not active, and it is")
	case in.ClientID != r.ClientID:
		r.fail(id, nil, "the org says that the token is another app's")
	case who != "" && in.Username != "" && !strings.EqualFold(in.Username, who):
		r.fail(id, nil, "the org says that the token is of %s, and it is of %s", in.Username, who)
	case !slices.Equal(canonical(in.Scopes), canonical(t.Scopes)):
		r.fail(id, nil, "the org says that the scopes are %s, and granted were %s", strings.Join(in.Scopes, " "), strings.Join(t.Scopes, " "))
	default:
		r.pass(id, "active, of %s, with %s", in.Username, strings.Join(canonical(in.Scopes), " "))
	}
}

// othersToken asks about the token of the session that verifies, which is no
// app's of the spec.
func (r *run) othersToken(ctx context.Context) {
	const id = "introspection.others"
	if r.Session.ClientID == r.ClientID {
		r.skip(id, "the session that verifies is of the app itself")
		return
	}
	in, err := r.Endpoint.Introspect(ctx, r.Session.Token, r.ClientID, r.Secret)
	switch {
	case err != nil:
		r.skip(id, "the org does not say: %s", said(err))
	case in.Active && in.ClientID == r.ClientID:
		r.skip(id, "the session that verifies is of the app itself")
	case in.Active && !r.want.others():
		r.fail(id, nil, "the org tells the app of tokens that are not its own")
	case !in.Active && r.want.others():
		r.fail(id, nil, "the org tells the app of its own tokens alone, and the spec wants all")
	case in.Active:
		r.pass(id, "the org tells of the token of another app")
	default:
		r.pass(id, "the org tells nothing of the token of another app")
	}
}

func (r *run) revocation(ctx context.Context) error {
	t, _, err := r.onceMore(ctx, false)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		r.skip("revocation.access", "no further login worked: %s", said(err))
	case t == nil:
		r.skip("revocation.access", "no login worked whose token could be revoked")
	default:
		r.revoked(ctx, "revocation.access", t, t.Access)
	}
	if !r.want.refreshes() || r.want.endsAtOnce() {
		return ctx.Err()
	}
	t, _, err = r.onceMore(ctx, true)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		r.skip("revocation.refresh", "no further login worked: %s", said(err))
	case t == nil || t.Refresh.IsZero():
		r.skip("revocation.refresh", "no login worked that gives a refresh token")
	default:
		r.revoked(ctx, "revocation.refresh", t, t.Refresh)
	}
	return ctx.Err()
}

// revoked ends a token, and tries whether the access token still works.
func (r *run) revoked(ctx context.Context, id string, t *login.Tokens, token secret.String) {
	if t.Access.Reveal() == r.Session.Token.Reveal() {
		r.skip(id, "the org hands out the session that verifies, which has to go on")
		return
	}
	if err := r.use(ctx, r.Session.InstanceURL, t.Access); err != nil {
		r.skip(id, "the token did not work before: %s", said(err))
		return
	}
	if err := r.revoke(ctx, token); err != nil {
		r.fail(id, err, "")
		return
	}
	r.mustBeRefused(id, r.use(ctx, r.Session.InstanceURL, t.Access), "the access token still works")
}
