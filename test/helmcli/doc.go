// Package helmcli holds the test that the helm command and install/helm see the
// same releases.
package helmcli
