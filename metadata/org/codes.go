package org

import "github.com/ecactl/ecactl/metadata/diag"

// Codes documents the problems that this package reports.
func Codes() []diag.Entry {
	return []diag.Entry{
		{Code: "ECA521", Title: "not the address of an org", Why: "A session goes to one of Salesforce's own hosts over https; plain http is for emulated orgs on this machine.", Fix: "write https:// and the org's My Domain host"},
		{Code: "ECA522", Title: "no access token", Why: "Nobody is logged in.", Fix: "ecactl login, or set SF_ACCESS_TOKEN"},
		{Code: "ECA523", Title: "an org that sends on to another host", Why: "A session is for one host, and sending it elsewhere would give it away. Orgs move, and change their My Domain.", Fix: "log in again, at the new address"},
		{Code: "ECA524", Title: "a session that has ended", Why: "The access token is no longer good, and there is no refresh token or key to get another with.", Fix: "log in again, or set SF_ACCESS_TOKEN anew"},
		{Code: "ECA525", Title: "not an id", Why: "Ids of Salesforce have 15 or 18 letters and digits.", Fix: "copy the id that deploy printed"},
		{Code: "ECA526", Title: "a JWT-based token and the SOAP API", Why: "The SOAP API takes access tokens in JWT form from version 68.0 on. Deploys go over REST and are not concerned.", Fix: "pass --api-version 68.0, or use an app that issues opaque tokens"},
		{Code: "ECA527", Title: "a deploy that is too large", Why: "The Metadata API takes 39 MB and 10,000 files at once.", Fix: "deploy the specs in several parts"},
		{Code: "ECA528", Title: "no certificate in the CA file", Why: "--ca-file takes certificates in PEM.", Fix: "check what the file is"},
		{Code: "ECA720", Title: "an app that the org does not show", Why: "The Connect resources list External Client Apps with OAuth settings, those that the user may see.", Fix: "check the API name and the org; deploy the app; give the user View all External Client Apps"},
		{Code: "ECA721", Title: "an app without a consumer", Why: "Key and secret come with an app's OAuth settings.", Fix: "add oauth to the spec, and deploy it"},
		{Code: "ECA722", Title: "credentials that the org does not hand out", Why: "An org hands key and secret out over REST only if its External Client App Settings allow it, and to users who may see them.", Fix: "Setup > External Client App Settings: allow access to External Client App consumer secrets via REST API; permissions External Client App Developer and View Client Secret"},
	}
}
