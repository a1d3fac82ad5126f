package migrate

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"slices"
	"strings"
)

// Ties are what ties an app to others: two apps that share one of them are
// likely used by one client, or kept by one person, and move together.
type Ties struct {
	CallbackHosts []string `json:"callbackHosts"` // without those of the machine itself and of Salesforce
	RunAs         []string `json:"runAs"`         // users that the app runs as
	TokenUsers    []string `json:"tokenUsers"`    // ids of the users with its tokens, if they are few
	Certificates  []string `json:"certificates"`  // SHA-256 of the certificates that clients sign with
	Contact       string   `json:"contact"`       // whom to ask
}

// fewUsers is how many users an app's tokens may be of for them to be taken for
// those of an integration, and not for people.
const fewUsers = 3

// ties gathers what is known; nil if that is nothing.
func (a *App) ties() *Ties {
	l := &Ties{CallbackHosts: a.callbackHosts(), RunAs: a.runAs(), TokenUsers: a.tokenUsers(), Certificates: []string{}}
	if c, ok := a.certificates()["certificate"]; ok && c.err == nil {
		sum := sha256.Sum256(c.Raw)
		l.Certificates = append(l.Certificates, hex.EncodeToString(sum[:]))
	}
	if h := a.header(); h != nil {
		l.Contact, _ = h.Text("contactEmail")
		l.Contact = strings.TrimSpace(l.Contact)
	}
	if len(l.CallbackHosts)+len(l.RunAs)+len(l.TokenUsers)+len(l.Certificates) == 0 && l.Contact == "" {
		return nil
	}
	return l
}

// ownHosts are hosts that say nothing about the client: Salesforce's own pages
// to end a login at.
var ownHosts = []string{"login.salesforce.com", "test.salesforce.com", "salesforce.com", "welcome.salesforce.com"}

func (a *App) callbackHosts() []string {
	hosts := []string{}
	for _, c := range a.list("callbacks") {
		u, err := url.Parse(c)
		if err != nil || placeholder(c) {
			continue
		}
		host := strings.ToLower(u.Hostname())
		if host != "" && !loopback(host) && !slices.Contains(ownHosts, host) && !slices.Contains(hosts, host) {
			hosts = append(hosts, host)
		}
	}
	slices.Sort(hosts)
	return hosts
}

func (a *App) runAs() []string {
	users := []string{}
	add := func(name string) {
		if name = strings.ToLower(strings.TrimSpace(name)); name != "" && !placeholder(name) && !slices.Contains(users, name) {
			users = append(users, name)
		}
	}
	add(a.text("clientCredentialsUser"))
	if e := a.block("pluginExecutionUser"); e != nil {
		add(e.Text)
	}
	slices.Sort(users)
	return users
}

func (a *App) tokenUsers() []string {
	users := []string{}
	for _, t := range a.use.tokens {
		if t.user != "" && !slices.Contains(users, t.user) {
			users = append(users, t.user)
		}
		if len(users) > fewUsers {
			return []string{}
		}
	}
	slices.Sort(users)
	return users
}
