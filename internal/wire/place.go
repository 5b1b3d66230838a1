package wire

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// place is where the value is that was read last, such as items[2].creation_time.
func (r *Reader) place() string {
	return placeOf(r.pointer())
}

func (r *Reader) pointer() jsontext.Pointer {
	if r.outer == nil {
		return r.d.StackPointer()
	}
	return r.outer.pointer() + r.d.StackPointer()
}

// placeOf writes a pointer as it would be written in Go.
func placeOf(pointer jsontext.Pointer) string {
	var place strings.Builder
	for step := range pointer.Tokens() {
		switch {
		case digits([]byte(step)) == len(step):
			place.WriteString("[" + step + "]")
		case !isPlainName(step):
			place.WriteString("[" + strconv.QuoteToASCII(step[:min(len(step), maxName)]) + "]")
		case place.Len() > 0:
			place.WriteString("." + step)
		default:
			place.WriteString(step)
		}
	}
	return place.String()
}

// maxName is how much of a member's name is shown.
const maxName = 64

func isPlainName(name string) bool {
	return len(name) <= maxName && !strings.ContainsFunc(name, func(r rune) bool {
		return r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
}

// damage says where JSON is damaged.
func damage(err error) error {
	syntax, ok := errors.AsType[*jsontext.SyntacticError](err)
	if !ok {
		return err
	}
	if place := placeOf(syntax.JSONPointer); place != "" {
		return fmt.Errorf("%s: damaged at byte %d: %w", place, syntax.ByteOffset, syntax.Err)
	}
	return fmt.Errorf("damaged at byte %d: %w", syntax.ByteOffset, syntax.Err)
}
