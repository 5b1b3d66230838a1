package main

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/bench/generated"
)

// TestClientsReadTheSame shows that what is compared is the same work.
func TestClientsReadTheSame(t *testing.T) {
	const n = 500
	url, stop, err := startServer(t.Context(), serverConfig{runs: n})
	require.NoError(t, err)
	defer stop()
	sdk, err := newSDK(url)
	require.NoError(t, err)
	want, err := askSDK(t.Context(), sdk, n)
	require.NoError(t, err)
	require.Len(t, want, n)

	ofPlain, err := newPlain(url).ask(t.Context(), n)
	require.NoError(t, err)
	ofResty, err := askResty(t.Context(), newResty(url), n)
	require.NoError(t, err)
	assert.Equal(t, ofPlain, ofResty)
	client, err := newGenerated(url)
	require.NoError(t, err)
	ofGenerated, err := askGenerated(t.Context(), client, n)
	require.NoError(t, err)
	for i, run := range want {
		require.Equal(t, run, fromPlain(ofPlain[i]))
		require.Equal(t, run, fromGenerated(ofGenerated[i]))
	}
}

func fromPlain(i item) insights.Test {
	return insights.Test{
		ID: i.ID, Owner: i.Owner, Ancestor: i.Ancestor, Name: i.Name, Build: i.Build,
		CreationTime: i.CreationTime, StartTime: i.StartTime, EndTime: i.EndTime, Duration: insights.Seconds(i.Duration),
		Status: insights.Status(i.Status), Error: i.Error, OS: i.OS, OSNormalized: i.OSNormalized,
		Browser: i.Browser, BrowserNormalized: i.BrowserNormalized, DetailsURL: i.DetailsURL,
	}
}

func fromGenerated(i generated.ListedTest) insights.Test {
	test := insights.Test{
		ID: i.Id, Owner: i.Owner, Ancestor: i.Ancestor, Name: i.Name, Build: i.Build,
		CreationTime: i.CreationTime, EndTime: i.EndTime, Duration: insights.Seconds(*i.Duration),
		Status: insights.Status(i.Status), Error: i.Error, OS: i.Os, OSNormalized: *i.OsNormalized,
		Browser: i.Browser, BrowserNormalized: *i.BrowserNormalized, DetailsURL: i.DetailsUrl,
	}
	if i.StartTime != nil {
		test.StartTime = *i.StartTime
	}
	return test
}

// TestInspect looks into this program, in place of building others.
func TestInspect(t *testing.T) {
	path, err := os.Executable()
	require.NoError(t, err)
	p := &program{path: path}
	require.NoError(t, p.inspect(t.Context(), "."))
	assert.Greater(t, p.bytes, int64(1<<20))
	assert.Greater(t, p.linked, 5)
	assert.Greater(t, p.graph, p.linked)
}
