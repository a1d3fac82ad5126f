package verify

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/deploy"
	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/metadata/org"
	"github.com/ecactl/ecactl/metadata/plan"
	"github.com/ecactl/ecactl/metadata/secret"
	"github.com/ecactl/ecactl/metadata/spec"
)

// Read reads what an org has of an app, which has to be there.
func Read(ctx context.Context, c *org.Client, b *spec.Built) (*plan.Actual, error) {
	actual, err := deploy.Actual(ctx, c, deploy.Selection{Version: c.Version(), Apps: []string{b.Spec.Name}})
	if err != nil {
		return nil, err
	}
	for _, component := range ofApp(actual, b.Spec.Name) {
		if component.Type == metadata.TypeApp {
			return actual, nil
		}
	}
	return nil, &diag.Problem{
		Pos: b.Spec.Pos, Code: "ECA732", Message: fmt.Sprintf("the org has no External Client App %s", b.Spec.Name),
		Hint: "deploy it first: ecactl deploy " + b.Spec.File,
	}
}

// HasOAuth tells whether a spec describes flows.
func HasOAuth(b *spec.Built) bool {
	if b.App == nil {
		return false
	}
	return b.App.Part(typeGlobal) != nil || b.App.Part(typeSettings) != nil
}

// A Pair is the key and secret with which an app is verified.
type Pair struct {
	ClientID  string
	Secret    secret.String
	SecretWhy string // why there is none
}

// PairOf reads an app's key and secret with the session that verifies: the pair
// in force, or the one that is staged. Where the org hands no secret out, the
// reason comes with the key.
func PairOf(ctx context.Context, c *org.Client, actual *plan.Actual, name string, staged bool) (Pair, error) {
	app, err := c.ConsumerApp(ctx, name)
	var credentials *org.Credentials
	if err == nil {
		credentials, err = c.Credentials(ctx, app, true)
	}
	switch {
	case ctx.Err() != nil:
		return Pair{}, context.Cause(ctx)
	case err != nil && staged:
		return Pair{}, err
	case err != nil:
		key := (&wanted{org: ofApp(actual, name)}).field(typeGlobal, "consumerKey")
		if key == "" {
			return Pair{}, err
		}
		return Pair{ClientID: key, SecretWhy: reason(err)}, nil
	}
	pair := &credentials.Active
	if staged {
		if pair = credentials.Staged(); pair == nil {
			return Pair{}, &diag.Problem{Code: "ECA729", Message: "no pair of " + name + " is staged", Hint: "ecactl credentials stage " + name}
		}
	}
	out := Pair{ClientID: pair.Key, Secret: pair.Secret}
	if pair.Secret.IsZero() {
		out.SecretWhy = "the org hands it out over REST only if its External Client App Settings allow it and the user may see it; or give it: --client-secret-file"
	}
	return out, nil
}

// reason is an error in one line, with what to do.
func reason(err error) string {
	if p, ok := errors.AsType[*diag.Problem](err); ok {
		return strings.TrimSuffix(p.Message+"; "+p.Hint, "; ")
	}
	return said(err)
}
