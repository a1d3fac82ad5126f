package org

import (
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/ecactl/ecactl/metadata/diag"
)

// A Kind is what an org is for. A Developer Edition is no sandbox.
type Kind string

// The kinds of orgs.
const (
	Production Kind = "production"
	Sandbox    Kind = "sandbox"
	Scratch    Kind = "scratch"
	Developer  Kind = "developer"
)

// domains are those in which Salesforce runs orgs. A host is below one of them,
// with the dot: evilcrmforce.mil is not below crmforce.mil.
var domains = []string{
	"salesforce.com", "force.com", "salesforce.mil", "crmforce.mil", "cloudforce.com", "sfcrmapps.cn", "sfcrmproducts.cn", "sfcrmaccounts.cn",
	"salesforce-setup.com", "site.com",
}

// CheckURL accepts the address of an org or a login host: https in a domain of
// Salesforce, and plain http on a loopback address alone, where emulated orgs
// are. What comes back is scheme and host without anything behind them.
func CheckURL(raw string) (*url.URL, error) {
	refuse := func(why string) error {
		return &diag.Problem{
			Code: "ECA521", Message: fmt.Sprintf("%q cannot be the address of an org: %s", shorten(raw), why),
			Hint: "it is https:// and the My Domain host, such as https://example.my.salesforce.com",
		}
	}
	u, err := url.Parse(strings.TrimSpace(raw))
	switch {
	case err != nil:
		return nil, refuse("it is no URL")
	case u.User != nil:
		return nil, refuse("it has a user name in it")
	case u.Host == "" || u.Opaque != "":
		return nil, refuse("it has no host")
	case u.RawQuery != "" || u.Fragment != "":
		return nil, refuse("it has more than a host in it")
	}
	host := strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	clean := &url.URL{Scheme: u.Scheme, Host: strings.ToLower(u.Host)}
	if Loopback(host) {
		if u.Scheme != "http" && u.Scheme != "https" {
			return nil, refuse("it is neither http nor https")
		}
		return clean, nil
	}
	if u.Scheme != "https" {
		return nil, refuse("it is not https")
	}
	if p := u.Port(); p != "" && p != "443" {
		return nil, refuse("orgs have no port of their own")
	}
	for _, d := range domains {
		if strings.HasSuffix(host, "."+d) {
			clean.Host = host
			return clean, nil
		}
	}
	return nil, refuse("the host is in none of Salesforce's domains")
}

// Loopback tells whether a host is this machine.
func Loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// kindMarks are the parts of a host by which Salesforce tells orgs apart; the
// first that fits decides. From the My Domain naming of enhanced domains, and
// the hosts before them (cs1.salesforce.com).
var kindMarks = []struct {
	mark string
	kind Kind
}{
	{".sandbox.", Sandbox},
	{"test.salesforce.", Sandbox},
	{".scratch.", Scratch},
	{".develop.", Developer},
	{"-dev-ed.", Developer},
	{".trailblaze.", Developer},
	{".demo.", Developer},
	{"--", Sandbox},
	{"://cs", Sandbox},
}

// KindOfHost guesses the kind of an org by its address; "" if it says nothing,
// as login.salesforce.com and a production org's My Domain do not tell a
// production org from a Developer Edition of before enhanced domains.
func KindOfHost(address string) Kind {
	for _, m := range kindMarks {
		if strings.Contains(address, m.mark) {
			return m.kind
		}
	}
	if u, err := url.Parse(address); err == nil && !Loopback(u.Hostname()) && strings.Contains(u.Hostname(), ".my.salesforce.") {
		return Production
	}
	return ""
}

func shorten(s string) string {
	if len(s) > 120 {
		return s[:120] + "..."
	}
	return s
}
