// Package refresh keeps the External Client Apps of a sandbox over a refresh.
//
// A refresh makes the sandbox anew from production, and whether External Client
// Apps are among what is copied is not documented for every case. Save writes
// specs, and what a spec does not hold, into a folder; Restore puts it back in the
// order that the platform accepts: settings, then Connected Apps of the same name
// out of the way, then each app with its three OAuth files together, then its
// policies and grants.
//
// A consumer key can be set when an app is created and never later, so keys are
// part of the first deploy. Keys and secrets go into a store of the user's, and
// never into the folder.
package refresh
