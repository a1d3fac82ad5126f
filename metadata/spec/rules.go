package spec

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ecactl/ecactl/metadata"
)

// Limits of the platform. Sources: the Metadata API guide (ranges, attributes),
// Setup (callbacks, label), help on the refresh token allowlist (addresses).
const (
	maxCallbacks  = 2000
	maxLabel      = 80
	maxRanges     = 128
	maxAttributes = 128
	maxAddresses  = 256
	minKeyBits    = 2048
	soon          = 30 * 24 * time.Hour
)

// jwtMinutes are the timeouts that JWT access tokens take; the longer ones came
// with API 65.0.
var (
	jwtMinutes     = []int{1, 5, 10, 15, 30}
	jwtMinutesLong = []int{60, 90, 120, 240, 480, 720}
)

const jwtMinutesLongSince metadata.Version = 65

// canvasPlaces are the locations that the documentation lists for External
// Client Apps; Connected Apps have more.
var canvasPlaces = []string{"Aura", "ChatterFeed", "MobileNav", "None", "PageLayout", "Publisher", "Visualforce"}

// Rules are the checks. A code is never used again, even after its rule is
// gone. Rules without a run are asked while a spec is read; they stand here
// because they are documented in the same way.
var Rules = slices.SortedFunc(slices.Values(slices.Concat(
	appRules, callbacksAndScopes, flowRules, policyRules, certificateRules,
)), func(a, b Rule) int { return strings.Compare(a.Code, b.Code) })

// samlExample is a SAML app, open at its end so that an example can add to it.
const (
	samlOpen    = "policies: {plugins: {saml: true}}\nsaml: {acsUrl: https://example.com/acs, entityUrl: https://example.com"
	samlExample = samlOpen + "}"
)

func numbered(format string, n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf(format, i)
	}
	return strings.Join(list, ", ")
}

func onOff(v bool) string {
	if v {
		return "on"
	}
	return "off"
}
