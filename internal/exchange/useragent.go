package exchange

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
)

const modulePath = "github.com/sauceinsights/insights"

// UserAgent names the application, where it has a name, and the SDK.
func UserAgent(application string) string {
	sdk := fmt.Sprintf("insights-go/%s (%s; %s)", sdkVersion(), runtime.Version(), runtime.GOOS)
	return strings.TrimSpace(application + " " + sdk)
}

// sdkVersion is this module's version as the program was built with it.
var sdkVersion = sync.OnceValue(func() string {
	info, _ := debug.ReadBuildInfo()
	return versionIn(info)
})

// versionIn accepts nil, for a program that was built without modules.
func versionIn(info *debug.BuildInfo) string {
	if info == nil {
		return "devel"
	}
	modules := append([]*debug.Module{&info.Main}, info.Deps...)
	for _, m := range modules {
		if m.Path != modulePath {
			continue
		}
		if m.Replace != nil {
			m = m.Replace
		}
		if v := strings.Trim(m.Version, "()"); v != "" {
			return v
		}
	}
	return "devel"
}
