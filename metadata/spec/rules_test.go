package spec_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/metadata/spec"
)

// Every rule finds its bad example, at a place, and does not find its good one.
func TestRulesFindTheirExamples(t *testing.T) {
	if ps := lint(sound, spec.Options{Now: now}); len(ps) > 0 {
		t.Fatalf("the base of all examples has problems: %v", ps)
	}
	seen := map[string]bool{}
	for _, r := range spec.Rules {
		t.Run(r.Code, func(t *testing.T) {
			if seen[r.Code] || !regexp.MustCompile(`^ECA1\d\d$`).MatchString(r.Code) {
				t.Errorf("the code is not one of a rule, or is used twice")
			}
			seen[r.Code] = true
			if r.Title == "" || r.Why == "" || r.Fix == "" {
				t.Error("title, why and fix must be there")
			}
			if r.Code == "ECA128" {
				return // about two specs: TestDuplicates
			}
			o := spec.Options{Environment: "test", Now: now, Sandbox: r.Sandbox}
			bad := lint(over(sound, withCertificates(r.Bad)), o)
			i := slices.IndexFunc(bad, func(p *diag.Problem) bool { return p.Code == r.Code })
			switch {
			case i < 0:
				t.Fatalf("the bad example has %v\n%s", bad, r.Bad)
			case bad[i].Line == 0 || bad[i].Col == 0 || bad[i].Hint == "":
				t.Errorf("no place or hint: %+v", bad[i])
			case bad[i].Level != r.Level:
				t.Errorf("the level is %s, and the rule's %s", bad[i].Level, r.Level)
			}
			good := lint(over(sound, withCertificates(r.Good)), o)
			if slices.Contains(codes(good), r.Code) {
				t.Errorf("the good example has %v\n%s", good, r.Good)
			}
			if slices.ContainsFunc(good, func(p *diag.Problem) bool { return strings.HasPrefix(p.Code, "ECA0") }) {
				t.Errorf("the good example is no spec: %v\n%s", good, r.Good)
			}
		})
	}
}

// What rules say in cases that their examples do not have.
func TestRules(t *testing.T) {
	tests := map[string]struct{ fragment, want string }{
		"callback list with CR LF":            {`oauth: {callbackUrls: ["https://a.example.com/cb\r\nhttp://b.example.com/cb"]}`, "app.yaml:19:27: the callback http://b.example.com/cb is not https (ECA105)"},
		"loopback in IPv6":                    {`oauth: {callbackUrls: ["http://[::1]:8080/cb"]}`, ""},
		"loopback look-alike address":         {`oauth: {callbackUrls: ["http://127.0.0.1.example.com/cb"]}`, "app.yaml:19:27: the callback http://127.0.0.1.example.com/cb is not https (ECA105)"},
		"user part that looks like loopback":  {`oauth: {callbackUrls: ["http://localhost@evil.example.com/cb"]}`, "app.yaml:19:27: the callback http://localhost@evil.example.com/cb is not https (ECA105)"},
		"wildcard behind a loopback user":     {`oauth: {callbackUrls: ["https://localhost@*.example.com/cb"]}`, "app.yaml:19:27: the callback https://localhost@*.example.com/cb has a wildcard (ECA106)"},
		"client credentials without policies": {"policies: null\noauth: {flows: {clientCredentials: {enabled: true}}}", "app.yaml:20:50: the client credentials flow without a user to run as (ECA112)"},
		"JWT timeout below API 65":            {"metadataApiVersion: 64.0\noauth: {security: {jwtAccessTokens: true}}\npolicies: {namedUserJwt: {timeout: 60m}}", "app.yaml:21:40: a JWT timeout of 60 minutes is not offered (ECA117)"},
		"JWT type alone":                      {"policies: {namedUserJwt: {timeout: custom}}", "app.yaml:19:40: a JWT timeout without JWT access tokens (ECA118)"},
		"guest timeout":                       {"oauth: {security: {jwtAccessTokens: true}}\npolicies: {guestJwt: {timeout: 7m}}", "app.yaml:20:36: a JWT timeout of 7 minutes is not offered (ECA117)"},
		"device flow in a packaged app":       {"distribution: Packaged\noauth: {callbackUrls: [http://localhost/cb], flows: {device: {enabled: true}}}", "app.yaml:20:76: the device flow of a Packaged app stops on 30 Nov 2026 (ECA121)"},
		"push service of the other platform":  {"push: {service: Android, apple: {environment: Sandbox}}", "app.yaml:19:21: the push service is Android, and the configuration that of Apple (ECA123)"},
		"push without a platform":             {"push: {service: Apple}", "app.yaml:19:21: push without a platform: none of apple, android and configLink (ECA123)"},
		"129 ranges":                          {"oauth: {trustedIpRanges: [" + strings.TrimSuffix(strings.Repeat("{start: 10.0.0.1, end: 10.0.0.1}, ", 129), ", ") + "]}", "app.yaml:19:31: 129 IP ranges, and 128 are allowed (ECA124)"},
		"a range of two kinds":                {`oauth: {trustedIpRanges: [{start: 10.0.0.1, end: "::1"}]}`, "app.yaml:19:31: 10.0.0.1 and ::1 are addresses of two kinds (ECA127)"},
		"certificate before its time":         {"oauth: {flows: {jwtBearer: {certificate: EARLY}}}", "app.yaml:19:46: the certificate is not valid yet: it is from 2027-11-23 to 2028-11-23 (ECA140)"},
		"certificate that ends soon":          {"oauth: {flows: {jwtBearer: {certificate: SOON}}}", "app.yaml:19:46: the certificate expires on 2026-12-03 (ECA140)"},
		"certificate with another key":        {"oauth: {flows: {jwtBearer: {certificate: EC}}}", ""},
		"secret off beside PKCE":              {"oauth: {security: {requireSecretForWebServerFlow: false}}", "app.yaml:19:55: the web server flow asks for no secret (ECA131)"},
		"relative start page":                 {"policies: {start: {page: custom, url: /apex/Start}}", "app.yaml:19:43: the start page /apex/Start is not an absolute URL (ECA144)"},
		"e-mail that is none":                 {"contact: {email: admin@localhost}", `app.yaml:19:22: the contact e-mail "admin@localhost" is not an address (ECA138)`},
		"SAML attribute without $":            {"policies: {plugins: {saml: true}}\nsaml: {acsUrl: https://a.example.com, entityUrl: a, customAttributes: {c: User.Country}}", "app.yaml:20:79: the SAML attribute User.Country has no $ (ECA153)"},
		"encryption without a type":           {"policies: {plugins: {saml: true}}\nsaml: {acsUrl: https://a.example.com, entityUrl: a, encryption: {certificate: CERT}}", "app.yaml:20:83: an encryption certificate without an encryption type (ECA151)"},
		"handler's user without a handler":    {"policies: {handler: {runAs: a@example.com}}", "app.yaml:19:33: a user for a handler that is not there (ECA146)"},
		"kept elsewhere, so nothing is said":  {"components: {globalOauthSettings: false}\noauth: {callbackUrls: null, security: null}", ""},
		"disagreement the other way":          {"oauth: {flows: {clientCredentials: {policyEnabled: true, runAs: a@example.com}}}", "app.yaml:19:56: client credentials is off in the settings and on in the policies (ECA137)"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			ps := lint(over(sound, withCertificates(tt.fragment)), spec.Options{Environment: "test", Now: now})
			ps = slices.DeleteFunc(ps, func(p *diag.Problem) bool { return p.Code == "ECA134" }) // what is not said is not the point here
			got := ""
			if len(ps) > 0 {
				got = ps[0].Error()
			}
			if got != tt.want || len(ps) > 1 {
				t.Errorf("got  %v\nwant %s", ps, tt.want)
			}
		})
	}
}

// The device flow's day turns a warning into an error.
func TestDeviceFlowAfterItsDay(t *testing.T) {
	src := over(sound, "oauth: {flows: {device: {enabled: true}}}")
	for day, want := range map[string]diag.Level{"2026-11-29": diag.Warning, "2026-11-30": diag.Error} {
		at := day + "T00:00:00Z"
		ps := lint(src, spec.Options{Environment: "test", Now: mustTime(t, at)})
		if len(ps) != 1 || ps[0].Level != want {
			t.Errorf("%s: got %v, want one %s", at, ps, want)
		}
	}
}

func TestDuplicates(t *testing.T) {
	tests := map[string]struct{ a, b, want string }{
		"one app twice":           {sound, sound, "app.yaml:20:7: the app Order_Sync is described in app.yaml:3:7 too (ECA128)"},
		"case alone":              {sound, strings.Replace(sound, "name: Order_Sync", "name: order_sync", 1), "app.yaml:20:7: the app order_sync is described in app.yaml:3:7 too (ECA128)"},
		"two apps, one satellite": {sound, strings.Replace(sound, "name: Order_Sync", "name: Other\ncomponents: {oauthSettings: Order_Sync_oauth}", 1), "app.yaml:20:7: ExtlClntAppOauthSettings Order_Sync_oauth is described in app.yaml:3:7 too (ECA128)"},
		"two apps":                {sound, strings.Replace(sound, "name: Order_Sync", "name: Other", 1), ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			ps := lint(tt.a+"---\n"+tt.b, spec.Options{Now: now})
			got := ""
			if len(ps) > 0 {
				got = ps[0].Error()
			}
			if got != tt.want || len(ps) > 1 {
				t.Errorf("got  %v\nwant %s", ps, tt.want)
			}
		})
	}
}
