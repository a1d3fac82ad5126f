package orgtest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/orgtest/soql"
	"github.com/ecactl/ecactl/metadata/spec"
)

// Config says what kind of an org is emulated. The zero value is a Developer
// Edition with one user on a free port.
type Config struct {
	Addr               string   // default 127.0.0.1:0
	StateFile          string   // "" keeps the org in memory
	Seed               []string // folders of metadata, with a data.json for the rest
	Kind               string   // production, sandbox, scratch or developer (default)
	NewestVersion      metadata.Version
	AllowConnectedApps bool // creation of Connected Apps is off otherwise
	Faults             []Fault
	Latency            time.Duration
	PendingPolls       int // how many looks at a deploy find it unfinished
	Users              []User
	OrgNumber          int  // the org's id is made of it; default 1
	AskLogin           bool // authorize shows a page first, as to a browser that is not logged in
	Now                func() time.Time
	Log                func(Request) // is told of every request as it arrives
	// Rows are records that are made when they are asked for, by object: more than
	// a seed would hold. Each must give the same records every time.
	Rows map[string]iter.Seq[map[string]any]
}

// NumberOfPort makes an org's id of its port, so that several orgs on one machine
// are several orgs to who audits them.
const NumberOfPort = -1

// A User may log in, and run things.
type User struct {
	ID       string `json:"id"`
	Username string `json:"username"`
	Name     string `json:"name"`
	Email    string `json:"email"`
	Inactive bool   `json:"inactive,omitempty"`
	Password string `json:"password,omitempty"` // for the flow that sends one; nobody logs in with an empty one
	// PermissionSets are those that the user has, and Profile the profile. A user
	// that says neither has whatever an app asks for.
	PermissionSets []string `json:"permissionSets,omitempty"`
	Profile        string   `json:"profile,omitempty"`
	// Lacks are permissions that the user has not, by the names of the fields of
	// UserPermissionAccess. They are told, and not enforced.
	Lacks []string `json:"lacks,omitempty"`
}

// A Request is one that the org has been sent.
type Request struct {
	Method, Path, Op string // Op is the SOAP operation, or what a REST path is for
	Query            string // as it stood in the URL
}

// An Org is an emulated org that listens.
type Org struct {
	cfg      Config
	table    *metadata.Table
	scopes   []spec.Scope // in the platform's order
	listener net.Listener
	server   *http.Server
	url      string

	mu       sync.Mutex
	state    state
	tokens   map[string]*session
	codes    map[string]*code
	devices  map[string]*device
	deploys  map[string]*deployment
	running  []*deployment // those that are not over, in the order in which they came
	results  map[string]*retrieval
	requests []Request
	faults   []*Fault
	cursors  map[string]*cursor
	engine   *soql.Engine
	saved    []byte
	saving   chan struct{} // ends what saves the state now and then
	closed   bool
}

// testingT is what New needs of a *testing.T; the package is part of the program
// and does not import testing.
type testingT interface {
	Helper()
	Fatalf(format string, args ...any)
	Cleanup(func())
}

// New starts an org for a test and ends it with the test.
func New(t testingT, cfg Config) *Org {
	t.Helper()
	o, err := Start(cfg)
	if err != nil {
		t.Fatalf("starting an emulated org: %v", err)
	}
	t.Cleanup(func() { _ = o.Close() }) // a test reads what it needs before
	return o
}

// Start makes an org and listens.
func Start(cfg Config) (*Org, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now //nolint:forbidigo // where none is injected
	}
	if cfg.NewestVersion == 0 {
		cfg.NewestVersion = metadata.Schema().Newest()
	}
	if cfg.Kind == "" {
		cfg.Kind = "developer"
	}
	if !slices.Contains([]string{"production", "sandbox", "scratch", "developer"}, cfg.Kind) {
		return nil, fmt.Errorf("starting an emulated org: unknown kind %q (production, sandbox, scratch, developer)", cfg.Kind)
	}
	if cfg.Addr == "" {
		cfg.Addr = "127.0.0.1:0"
	}
	o := &Org{
		cfg: cfg, table: metadata.Schema(), scopes: spec.Scopes(metadata.Schema()), tokens: map[string]*session{}, codes: map[string]*code{}, devices: map[string]*device{},
		deploys: map[string]*deployment{}, results: map[string]*retrieval{}, cursors: map[string]*cursor{},
	}
	for i := range cfg.Faults {
		o.faults = append(o.faults, &cfg.Faults[i])
	}
	o.engine = soql.New(source{o}, cfg.Now)
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", cfg.Addr)
	if err != nil {
		return nil, fmt.Errorf("starting an emulated org: %w", err)
	}
	o.listener, o.url = listener, "http://"+listener.Addr().String()
	if at, ok := listener.Addr().(*net.TCPAddr); ok && cfg.OrgNumber == NumberOfPort {
		o.cfg.OrgNumber = at.Port
	}
	if err := o.load(); err != nil {
		_ = listener.Close() // the first error is the one to be told
		return nil, err
	}
	o.newSession(o.state.Users[0].ID, "", []string{"api", "refresh_token", "web"}, o.state.FirstToken)
	o.server = &http.Server{Handler: o, ReadHeaderTimeout: 30 * time.Second}
	go func() { _ = o.server.Serve(listener) }() // ends with Close
	if cfg.StateFile != "" {
		if err := o.save(); err != nil { // a file that cannot be written is said at once
			_ = o.server.Close() // nobody has been told of it
			return nil, err
		}
		o.saving = make(chan struct{})
		go o.saveNowAndThen()
	}
	return o, nil
}

// saveEvery is how much of an org's life is lost at most when it is killed.
const saveEvery = time.Second

// saveNowAndThen saves the state while the org runs, if anything was asked of it.
func (o *Org) saveNowAndThen() {
	tick := time.NewTicker(saveEvery)
	defer tick.Stop()
	seen := 0
	for {
		select {
		case <-o.saving:
			return
		case <-tick.C:
		}
		o.mu.Lock()
		if n := len(o.requests); n != seen {
			seen = n
			_ = o.save() // Close says what is wrong
		}
		o.mu.Unlock()
	}
}

// URL is the org's address: http on a loopback address.
func (o *Org) URL() string { return o.url }

// Token is an access token of the first user, for as long as the org runs.
func (o *Org) Token() string { return o.state.FirstToken }

// Username is that of the first user.
func (o *Org) Username() string { return o.state.Users[0].Username }

// OrgID is the org's id, of 18 characters.
func (o *Org) OrgID() string { return o.state.OrgID }

// Close stops listening, ends what is under way, and saves the state.
func (o *Org) Close() error {
	o.mu.Lock()
	if o.closed {
		o.mu.Unlock()
		return nil
	}
	o.closed = true
	if o.saving != nil {
		close(o.saving)
	}
	o.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	if err := o.server.Shutdown(ctx); err != nil {
		_ = o.server.Close() // it has had its time
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, d := range o.running {
		for range o.cfg.PendingPolls + 1 { // what a fault holds stays as it is
			o.step(d)
		}
	}
	return o.save()
}

// Requests lists what the org has been sent.
func (o *Org) Requests() []Request {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.requests)
}

// ForgetRequests begins the list of requests anew.
func (o *Org) ForgetRequests() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.requests = nil
}

// Inject adds a fault to a running org.
func (o *Org) Inject(f Fault) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.faults = append(o.faults, &f)
}

// LiveTokens lists what has been handed out to an app and is still good: access
// tokens, and refresh tokens that a rotation has not replaced. "" is every app
// but Setup's own sessions.
func (o *Org) LiveTokens(app string) []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	var live []string
	for token, s := range o.tokens {
		if s.app != "" && (app == "" || s.app == app) {
			live = append(live, token)
		}
	}
	for token, t := range o.state.Refresh {
		if !t.Used && (app == "" || t.App == app) {
			live = append(live, token)
		}
	}
	slices.Sort(live)
	return live
}

// Deploys counts the deploys that were begun.
func (o *Org) Deploys() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.deploys)
}

// ExpireSessions ends every session but leaves refresh tokens.
func (o *Org) ExpireSessions() {
	o.mu.Lock()
	defer o.mu.Unlock()
	clear(o.tokens)
}

// Component returns what a retrieve would give of a component, or nil.
func (o *Org) Component(typ, name string) *metadata.Component {
	o.mu.Lock()
	defer o.mu.Unlock()
	s := o.state.Components[key(typ, name)]
	if s == nil {
		return nil
	}
	return o.rendered(s)
}

// Names lists the components of a type, sorted.
func (o *Org) Names(typ string) []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	var names []string
	for _, s := range o.sorted(typ) {
		names = append(names, s.Name)
	}
	return names
}

// Put stores components as if somebody had made them in Setup.
func (o *Org) Put(list ...*metadata.Component) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, c := range list {
		if c.Name == "" {
			return errors.New("a component without a name")
		}
		o.put(c)
	}
	o.settle()
	return nil
}

// PutVendor stores a Connected App that is listed and not handed out: of a
// package, if there is a namespace, else of another org.
func (o *Org) PutVendor(namespace, name, label string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.putVendor(vendorApp{Name: name, Label: label, Namespace: namespace})
}

// Date says when a component was made and changed.
func (o *Org) Date(typ, name string, created, modified time.Time) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.date(key(typ, name), created, modified)
}

// Add adds records of an object, as a seed has them: "@ConnectedApp:Order_Sync"
// stands for that app's id.
func (o *Org) Add(object string, rows ...map[string]any) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, row := range rows {
		if err := o.complement(object, row); err != nil {
			return err
		}
		o.state.Records[object] = append(o.state.Records[object], row)
	}
	return nil
}

// ID is the id of a component, or "".
func (o *Org) ID(typ, name string) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	if s := o.state.Components[key(typ, name)]; s != nil {
		return s.ID
	}
	return ""
}

// Remove takes a component away.
func (o *Org) Remove(typ, name string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.state.Components, key(typ, name))
}

// Consumer returns the consumer key and secret of an app, or "".
func (o *Org) Consumer(app string) (consumerKey, consumerSecret string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if c := o.state.Consumers[app]; c != nil {
		return c.Key, c.Secret
	}
	return "", ""
}

// Alter changes records of an object in place, as somebody in Setup would.
func (o *Org) Alter(object string, change func(row map[string]any)) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, row := range o.state.Records[object] {
		change(row)
	}
}

// Migrated tells whether a Connected App is read only, because Setup's button has
// moved it.
func (o *Org) Migrated(name string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	s := o.state.Components[key(metadata.TypeConnectedApp, name)]
	return s != nil && s.Migrated
}
