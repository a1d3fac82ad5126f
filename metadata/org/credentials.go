package org

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/metadata/secret"
)

// A ConsumerApp is an External Client App as the Connect resources name it.
type ConsumerApp struct {
	ID    string // 0xI…
	Name  string // API name
	Label string
}

// A Pair is a consumer key with its secret, as far as the org hands that out.
type Pair struct {
	ID      string // 888… of the pair in force, another of one that is staged
	Key     string
	Secret  secret.String // zero if the org does not hand it out, or was not asked
	State   PairState
	By      string    // who made it, "" if the org does not say
	Created time.Time // zero if the org does not say
	Expires time.Time // as above; of the pair in force always zero
}

// PairState is where a pair stands.
type PairState string

// The states of pairs.
const (
	PairActive  PairState = "active"  // in force
	PairStaged  PairState = "staged"  // to be handed over, and promoted
	PairRotated PairState = "rotated" // replaced, and still good for a while
	PairExpired PairState = "expired"
)

// PairLife is how long a pair is good that is not the one in force.
const PairLife = 30 * 24 * time.Hour

// DaysLeft is how many days a pair is still good for, begun ones included, and
// whether that is known.
func (p Pair) DaysLeft(now time.Time) (days int, known bool) {
	if p.Expires.IsZero() {
		return 0, false
	}
	return max(0, int((p.Expires.Sub(now)+24*time.Hour-1)/(24*time.Hour))), true
}

// Credentials are an app's pairs: the one in force, and the one in the slot
// beside it.
type Credentials struct {
	App        ConsumerApp
	ConsumerID string
	Active     Pair
	Others     []Pair
}

// Staged is the pair that waits to be promoted, or nil.
func (c *Credentials) Staged() *Pair { return c.in(PairStaged) }

// Rotated is the pair that the last promotion replaced, or nil.
func (c *Credentials) Rotated() *Pair { return c.in(PairRotated) }

func (c *Credentials) in(state PairState) *Pair {
	i := slices.IndexFunc(c.Others, func(p Pair) bool { return p.State == state })
	if i < 0 {
		return nil
	}
	return &c.Others[i]
}

// Keys lists the consumer keys of all pairs.
func (c *Credentials) Keys() []string {
	keys := []string{c.Active.Key}
	for _, p := range c.Others {
		keys = append(keys, p.Key)
	}
	return keys
}

// connectErrors turns what the Connect resources answer into what to do.
func connectError(err error) error {
	var said *Error
	if !errors.As(err, &said) {
		return err
	}
	text := strings.ToLower(said.Code + " " + said.Message)
	for _, mark := range []string{"not currently enabled", "not enabled", "api_currently_disabled", "functionality_not_enabled"} {
		if strings.Contains(text, mark) {
			return &diag.Problem{
				Code: "ECA722", Message: "the org does not let key and secret be read over REST: " + said.Message,
				Hint: "Setup > External Client App Settings: allow access to External Client App consumer secrets via REST API; and give the user External Client App Developer and View Client Secret",
				Err:  err,
			}
		}
	}
	return err
}

// appsPage is as many apps as are asked for at once.
const appsPage = 100

// ConsumerApps lists the apps whose credentials the user may see.
func (c *Client) ConsumerApps(ctx context.Context) ([]ConsumerApp, error) {
	var apps []ConsumerApp
	for number := 0; ; number++ {
		var page struct {
			Apps []struct {
				Identifier    string `json:"identifier"`
				DeveloperName string `json:"developerName"`
				Label         string `json:"label"`
			} `json:"apps"`
			Next *string `json:"nextPageUrl"`
		}
		query := url.Values{"page": {strconv.Itoa(number)}, "pageSize": {strconv.Itoa(appsPage)}}
		if err := c.Do(ctx, http.MethodGet, "apps/oauth/usage?"+query.Encode(), nil, &page); err != nil {
			return nil, fmt.Errorf("listing the org's apps: %w", connectError(err))
		}
		for _, a := range page.Apps {
			apps = append(apps, ConsumerApp{a.Identifier, a.DeveloperName, a.Label})
		}
		if page.Next == nil || *page.Next == "" || len(page.Apps) == 0 {
			return apps, nil
		}
	}
}

// ConsumerApp finds an app by its API name.
func (c *Client) ConsumerApp(ctx context.Context, name string) (ConsumerApp, error) {
	apps, err := c.ConsumerApps(ctx)
	if err != nil {
		return ConsumerApp{}, err
	}
	var names []string
	for _, a := range apps {
		if a.Name == name {
			return a, nil
		}
		names = append(names, a.Name)
	}
	hint := diag.DidYouMean(name, names)
	if hint == "" {
		hint = "the API name is that of the spec; an app without OAuth settings has no consumer, and Connected Apps are not here"
	}
	return ConsumerApp{}, &diag.Problem{Code: "ECA720", Message: fmt.Sprintf("the org shows no External Client App %s", name), Hint: hint}
}

// Credentials reads an app's pairs, their secrets only if they are wanted.
func (c *Client) Credentials(ctx context.Context, app ConsumerApp, secrets bool) (*Credentials, error) {
	if err := checkID("an app", app.ID); err != nil {
		return nil, err
	}
	var list struct {
		Consumers []struct {
			ID  string `json:"id"`
			Key string `json:"key"`
		} `json:"consumers"`
	}
	if err := c.Do(ctx, http.MethodGet, "apps/oauth/credentials/"+app.ID, nil, &list); err != nil {
		return nil, fmt.Errorf("reading the credentials of %s: %w", app.Name, connectError(err))
	}
	if len(list.Consumers) == 0 {
		return nil, &diag.Problem{Code: "ECA721", Message: app.Name + " has no consumer", Hint: "deploy its OAuth settings: ecactl deploy SPEC"}
	}
	out := &Credentials{App: app, ConsumerID: list.Consumers[0].ID}
	if err := checkID("a consumer", out.ConsumerID); err != nil {
		return nil, err
	}
	part := "key"
	if secrets {
		part = "keyandsecret"
	}
	var pair pairJSON
	if err := c.Do(ctx, http.MethodGet, out.path()+"?part="+part, nil, &pair); err != nil {
		return nil, fmt.Errorf("reading the credentials of %s: %w", app.Name, connectError(err))
	}
	out.Active = pair.pair()
	out.Active.State, out.Active.Expires = PairActive, time.Time{}
	if out.Active.Key == "" {
		out.Active.Key = list.Consumers[0].Key
	}
	others, err := c.stagedPairs(ctx, out, secrets)
	out.Others = others
	return out, err
}

func (c *Credentials) path() string { return "apps/oauth/credentials/" + c.App.ID + "/" + c.ConsumerID }

// pairJSON is a pair in the answers of the Connect resources.
type pairJSON struct {
	ID      string `json:"id"`
	Key     string `json:"key"`
	Secret  string `json:"secret"`
	State   string `json:"state"`
	By      string `json:"createdBy"`
	Created string `json:"createdDate"`
	Expires string `json:"expirationDate"`
}

// states of pairs as orgs write them: the reference of the resource has Active
// for a pair that is staged.
var states = map[string]PairState{"rotated": PairRotated, "expired": PairExpired}

func (j pairJSON) pair() Pair {
	p := Pair{ID: j.ID, Key: j.Key, Secret: secret.New(j.Secret), State: PairStaged, By: j.By, Created: readTime(j.Created), Expires: readTime(j.Expires)}
	if s, ok := states[strings.ToLower(j.State)]; ok {
		p.State = s
	}
	if p.Expires.IsZero() && !p.Created.IsZero() {
		p.Expires = p.Created.Add(PairLife)
	}
	return p
}

// readTime reads a time in one of the forms in which REST resources write them;
// the zero time if it is none.
func readTime(s string) time.Time {
	for _, form := range []string{time.RFC3339, "2006-01-02T15:04:05.000-0700", "2006-01-02T15:04:05-0700", time.DateOnly} {
		if t, err := time.Parse(form, s); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}

func (c *Client) stagedPairs(ctx context.Context, of *Credentials, secrets bool) ([]Pair, error) {
	var list struct {
		Staged []pairJSON `json:"stagedCredentials"`
	}
	err := c.Do(ctx, http.MethodGet, of.path()+"/staged", nil, &list)
	var said *Error
	switch {
	case errors.As(err, &said) && said.Status == http.StatusNotFound:
		return nil, nil // the org has none, or is older than the resource
	case err != nil:
		return nil, fmt.Errorf("reading the staged credentials of %s: %w", of.App.Name, connectError(err))
	}
	var pairs []Pair
	for _, j := range list.Staged {
		p := j.pair()
		if !secrets {
			p.Secret = secret.String{}
		}
		pairs = append(pairs, p)
	}
	return pairs, nil
}

// Stage makes a new pair that waits to be promoted. The pair in force stays.
func (c *Client) Stage(ctx context.Context, of *Credentials) (Pair, error) {
	var j pairJSON
	// Without a body, even an empty one, the server does not answer.
	if err := c.Do(ctx, http.MethodPost, of.path()+"/staged", struct{}{}, &j); err != nil {
		return Pair{}, fmt.Errorf("staging credentials of %s: %w", of.App.Name, connectError(err))
	}
	p := j.pair()
	if p.ID != "" {
		return p, nil
	}
	others, err := c.stagedPairs(ctx, of, false)
	for _, o := range others {
		if o.State == PairStaged && (p.Key == "" || o.Key == p.Key) {
			p.ID, p.Created, p.Expires = o.ID, o.Created, o.Expires
		}
	}
	return p, err
}

// Promote puts a staged pair in force. The former one stays good for a while, as
// the rotated one.
func (c *Client) Promote(ctx context.Context, of *Credentials, staged Pair) error {
	if err := checkID("a staged pair", staged.ID); err != nil {
		return err
	}
	if err := c.Do(ctx, http.MethodPatch, of.path()+"/staged/"+staged.ID, map[string]string{"command": "rotate"}, nil); err != nil {
		return fmt.Errorf("rotating the credentials of %s: %w", of.App.Name, connectError(err))
	}
	return nil
}

// RevokePair ends a pair that is not in force. One that is gone already is no
// error.
func (c *Client) RevokePair(ctx context.Context, of *Credentials, p Pair) error {
	if err := checkID("a pair", p.ID); err != nil {
		return err
	}
	err := c.Do(ctx, http.MethodDelete, of.path()+"/staged/"+p.ID, nil, nil)
	var said *Error
	if errors.As(err, &said) && said.Status == http.StatusNotFound {
		return nil
	}
	if err != nil {
		return fmt.Errorf("revoking credentials of %s: %w", of.App.Name, connectError(err))
	}
	return nil
}
