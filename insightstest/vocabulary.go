package insightstest

import (
	"strconv"
	"strings"
)

// The words that [Generate] makes runs of.

var features = []string{
	"Login", "Search", "Cart", "Checkout", "Profile", "Order history", "Wishlist", "Reviews", "Payment", "Shipping",
	"Notifications", "Settings", "Admin console", "Reports", "Invoices", "Onboarding", "Help center", "Gift cards", "Catalog", "Returns",
}

var behaviours = []string{
	"opens within its budget", "refuses bad input", "keeps its state after a reload", "says so when the network is gone", "works with the keyboard alone",
	"shows an empty state", "saves a draft", "survives a double click", "reads from right to left", "ends with the session",
}

// testNames are all features with all behaviours.
func testNames() []string {
	var names []string
	for _, f := range features {
		for _, b := range behaviours {
			names = append(names, f+" "+b)
		}
	}
	return names
}

// owners are the users of the organization, the default account first.
var owners = []string{
	Username, "ci-main", "ci-release", "ci-nightly", "ada.lindqvist", "bruno.costa", "chiara.neri", "dmitri.volkov",
	"elif.aydin", "femi.adeyemi", "greta.holm", "hiro.tanaka", "ines.duarte", "jonas.weber", "kavya.rao", "liam.byrne",
	"mei.chen", "noor.haddad", "oskar.nowak", "priya.nair", "quentin.morel", "rosa.jimenez", "samir.khan", "tuva.berg",
}

// account is the ancestor of all owners.
const account = "storefront-qa"

var projects = []string{"web-shop", "mobile-web", "back-office", "checkout-service"}

// environment is a system with a browser or device that runs on it.
type environment struct{ system, browser platform }

// environments are 8 systems with 10 browsers and 4 devices, the more common
// ones more than once.
func environments() []environment {
	var list []environment
	for _, e := range []struct {
		system   platform
		browsers []platform
	}{
		{platform{"Windows 11", "Windows"}, []platform{chrome("137.0"), chrome("137.0"), chrome("136.0"), edge("137.0"), firefox("139.0")}},
		{platform{"Windows 10", "Windows"}, []platform{chrome("137.0"), chrome("109.0"), edge("136.0"), firefox("128.0")}},
		{platform{"macOS 15", "macOS"}, []platform{safari("18.4"), safari("18.4"), chrome("137.0")}},
		{platform{"macOS 14", "macOS"}, []platform{safari("17.6"), firefox("139.0")}},
		{platform{"OS X El Capitan (10.11)", "macOS"}, []platform{chrome("109.0"), safari("9.0")}},
		{platform{"Linux", "Linux"}, []platform{chrome("137.0"), firefox("128.0"), firefox("139.0")}},
		{platform{"iOS 18.4", "iOS"}, []platform{{"iPhone 16", "iPhone"}, {"iPad Air", "iPad"}}},
		{platform{"Android 15", "Android"}, []platform{{"Google Pixel 9", "Android"}, {"Samsung Galaxy S24", "Android"}}},
	} {
		for _, b := range e.browsers {
			list = append(list, environment{e.system, b})
		}
	}
	return list
}

func chrome(version string) platform  { return platform{"Chrome " + version, "Chrome"} }
func edge(version string) platform    { return platform{"Microsoft Edge " + version, "Edge"} }
func firefox(version string) platform { return platform{"Firefox " + version, "Firefox"} }
func safari(version string) platform  { return platform{"Safari " + version, "Safari"} }

// The templates of errors: what differs from run to run is # where it is a
// number, and $ where it is one hexadecimal digit.

var failures = []string{
	"Expected the total to be 4#.50 EUR, got 0.00 EUR",
	"AssertionError: expected 20 to equal #\n    at verifyStatus (specs/api.spec.ts:1#:7)\n    at runStep (runner/step.ts:88:3)",
	"No such element: css=.order-#-confirm\nThe page was https://shop.example/orders/7#/confirm?session=b3f9c1$e",
	"Timed out after #500 ms waiting for the spinner of request 5f0a1c2e-00$a-4b1d-9e77-3c2d1b0a9f8$ to go",
	"Element <button data-id=\"#\"> is not clickable at point (5#, 3#): <div class=\"cookie-banner\"> would take the click",
	"Screenshot differs from the baseline in 1#4 pixels (#.4%), the limit is 0.1%\nbaseline: https://cdn.example/shots/4#1/base.png\nactual:   https://cdn.example/shots/4#1/run.png",
	"TypeError: cart.items[#] is undefined\n    at Cart.total (https://shop.example/js/app.8c1f$.js:1:20#77)",
	"Stale element: the row of order 90#1 was replaced while it was read",
	"Expected 1# search results for \"café crème\", got 0",
}

var crashes = []string{
	"The session ended on its own: the browser went away (signal #)\nsession 9d2e$c7",
	"No command came for 90 seconds, the session was given up after command #",
	"The tunnel ci-tunnel-# closed while the test ran",
	"The test ran longer than its limit of 1800 seconds\nlast command: GET https://shop.example/help/#",
}

const neverStarted = "No machine became free within 300 seconds: the test never started"

// variants is how many texts come of each template, each with another number;
// they are fewer than there are hexadecimal digits.
const variants = 12

// filled are all variants of all templates.
func filled(templates []string) []string {
	var texts []string
	for _, t := range templates {
		for i := range variants {
			number, digit := strconv.Itoa(i+1), strconv.FormatInt(int64(i+1), 16)
			texts = append(texts, strings.NewReplacer("#", number, "$", digit).Replace(t))
		}
	}
	return texts
}
