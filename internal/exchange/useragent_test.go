package exchange

import (
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestUserAgent(t *testing.T) {
	t.Run("names the SDK and the system", func(t *testing.T) {
		sdk := "insights-go/" + sdkVersion() + " (" + runtime.Version() + "; " + runtime.GOOS + ")"
		assert.NotEmpty(t, sdkVersion())
		assert.Equal(t, sdk, UserAgent(""))
		assert.Equal(t, "nightly/2.1 "+sdk, UserAgent("nightly/2.1"), "the application comes first")
	})

	t.Run("a build without modules has a version", func(t *testing.T) {
		assert.Equal(t, "devel", versionIn(nil))
	})

	t.Run("the version is that of the build", func(t *testing.T) {
		other := &debug.Module{Path: "example.com/other", Version: "v9.9.9"}
		sdk := func(version string) *debug.Module { return &debug.Module{Path: modulePath, Version: version} }
		replaced := func(by debug.Module) *debug.Module {
			return &debug.Module{Path: modulePath, Version: "v1.2.3", Replace: &by}
		}
		tests := map[string]struct {
			main debug.Module
			deps []*debug.Module
			want string
		}{
			"a dependency":                   {*other, []*debug.Module{other, sdk("v1.2.3"), other}, "v1.2.3"},
			"the main module, released":      {*sdk("v1.2.3"), []*debug.Module{other}, "v1.2.3"},
			"the main module, from a commit": {*sdk("v0.0.0-20260102030405-0123456789ab+dirty"), nil, "v0.0.0-20260102030405-0123456789ab+dirty"},
			"the main module, in work":       {*sdk("(devel)"), nil, "devel"},
			"a test binary":                  {*sdk(""), nil, "devel"},
			"replaced by a fork":             {*other, []*debug.Module{replaced(debug.Module{Path: "example.com/fork", Version: "v1.3.0"})}, "v1.3.0"},
			"replaced by a folder":           {*other, []*debug.Module{replaced(debug.Module{Path: "../insights"})}, "devel"},
			"a module of a similar name":     {*other, []*debug.Module{{Path: modulePath + "/bench", Version: "v9.9.9"}}, "devel"},
			"no module at all":               {debug.Module{}, nil, "devel"},
		}
		for name, test := range tests {
			t.Run(name, func(t *testing.T) {
				assert.Equal(t, test.want, versionIn(&debug.BuildInfo{Main: test.main, Deps: test.deps}))
			})
		}
	})
}
