package controllers_test

import (
	"os"
	"testing"

	"github.com/meshloom/meshloom/test/rig"
)

func TestMain(m *testing.M) { os.Exit(rig.Main(m, "../apis/v1alpha1/crds")) }
