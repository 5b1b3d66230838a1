package wire

import "time"

// Time reads the text of a time, or null as the zero time.
func (s *Scanner) Time(into *time.Time) bool {
	text, ok := s.TextOrNull()
	if !ok {
		return false
	}
	if *into, ok = s.usualTime(text); ok {
		return true
	}
	*into, ok = parseTime(text)
	return ok
}

// usualTime reads 2006-01-02T15:04:05Z, also with a fraction. It gives what
// parseTime gives.
func (s *Scanner) usualTime(text []byte) (time.Time, bool) {
	const day, second = len("2006-01-02T"), len("2006-01-02T15:04:05")
	if len(text) <= second || text[len(text)-1] != 'Z' || !s.usualDay(text[:day]) {
		return time.Time{}, false
	}
	seconds, ok := secondsOf(text[day:second])
	nanos, isFraction := fractionOf(text[second : len(text)-1])
	return time.Unix(s.midnight+seconds, nanos).UTC(), ok && isFraction
}

// usualDay reads 2006-01-02T, which is most likely that of the time before.
func (s *Scanner) usualDay(text []byte) bool {
	if s.day == string(text) {
		return true
	}
	day, err := time.Parse("2006-01-02T", string(text))
	if err != nil {
		return false
	}
	s.day, s.midnight = string(text), day.Unix()
	return true
}

// secondsOf reads 15:04:05 as seconds since midnight.
func secondsOf(b []byte) (int64, bool) {
	hour, isHour := two(b)
	minute, isMinute := two(b[3:])
	second, isSecond := two(b[6:])
	return 3600*hour + 60*minute + second,
		isHour && isMinute && isSecond && b[2] == ':' && b[5] == ':' && hour < 24 && minute < 60 && second < 60
}

// two is the number of the two digits that b begins with.
func two(b []byte) (int64, bool) {
	tens, ones := b[0]-'0', b[1]-'0'
	return 10*int64(tens) + int64(ones), tens <= 9 && ones <= 9
}

// fractionOf reads a fraction of a second, with its point, in nanoseconds.
func fractionOf(b []byte) (nanos int64, ok bool) {
	const longest = len(".000000000")
	if len(b) == 0 {
		return 0, true
	}
	if len(b) == 1 || len(b) > longest || b[0] != '.' || digits(b[1:]) != len(b)-1 {
		return 0, false
	}
	for i := 1; i < longest; i++ {
		nanos *= 10
		if i < len(b) {
			nanos += int64(b[i] - '0')
		}
	}
	return nanos, true
}
