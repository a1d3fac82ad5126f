package login

import (
	"context"
	"fmt"
	"slices"

	"github.com/ecactl/ecactl/metadata/org"
)

// IsOf tells whether a session is one of an app, by the consumer key of the
// login, by the token, or by what the org tells the app of the token. Where none
// of them says it, known is false, and why says what is missing.
func (s System) IsOf(ctx context.Context, session org.Session, c *org.Credentials) (own, known bool, why string, err error) {
	for _, id := range []string{session.ClientID, ClientOf(session.Token)} {
		if id != "" {
			return slices.Contains(c.Keys(), id), true, "", nil
		}
	}
	if c.Active.Secret.IsZero() {
		return false, false, "the login does not say of which app it is, and the org does not hand out the secret with which it could be asked", nil
	}
	e, err := s.Endpoint(session.InstanceURL)
	if err != nil {
		return false, false, "", err
	}
	in, err := e.Introspect(ctx, session.Token, c.Active.Key, c.Active.Secret)
	switch {
	case ctx.Err() != nil:
		return false, false, "", context.Cause(ctx)
	case err != nil:
		return false, false, fmt.Sprintf("the login does not say of which app it is, and the org does not either: %v", err), nil
	case in.Active:
		return slices.Contains(c.Keys(), in.ClientID), true, "", nil
	}
	return false, true, "", nil // of another app's token an org says that it is not active
}
