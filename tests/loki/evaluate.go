package loki

import (
	"fmt"
	"time"

	"github.com/grafana/loki/v3/pkg/logql/syntax"
	"github.com/prometheus/prometheus/model/labels"
)

// Line is a log line with its stream and its structured metadata.
type Line struct {
	Time     time.Time
	Stream   labels.Labels
	Metadata labels.Labels
	Text     string
}

// sample is a number with its labels.
type sample struct {
	labels labels.Labels
	value  float64
}

// Evaluate is the value of an expression at a time, by the labels of its series. Loki's pipeline reads the lines; the sums of what it
// finds are made here, of the few kinds that exported rules have.
func Evaluate(expr syntax.Expr, lines []Line, at time.Time) (map[string]float64, error) {
	samples, err := evaluate(expr, lines, at)
	if err != nil {
		return nil, err
	}
	values := map[string]float64{}
	for _, sample := range samples {
		values[sample.labels.String()] = sample.value
	}
	return values, nil
}

func evaluate(expr syntax.Expr, lines []Line, at time.Time) ([]sample, error) {
	switch expr := expr.(type) {
	case *syntax.BinOpExpr:
		samples, err := evaluate(expr.SampleExpr, lines, at)
		limit, ok := expr.RHS.(*syntax.LiteralExpr)
		if err != nil || !ok {
			return nil, fmt.Errorf("%s does not compare a sum with a number: %v", expr, err)
		}
		return above(samples, expr.Op, limit.Val)
	case *syntax.VectorAggregationExpr:
		samples, err := evaluate(expr.Left, lines, at)
		if err != nil || expr.Grouping.Without {
			return nil, fmt.Errorf("%s is no sum by labels: %v", expr, err)
		}
		return grouped(samples, expr.Operation, expr.Grouping.Groups)
	case *syntax.RangeAggregationExpr:
		if expr.Operation != syntax.OpRangeTypeCount {
			return nil, fmt.Errorf("%s does not count", expr)
		}
		return counted(expr, lines, at)
	default:
		return nil, fmt.Errorf("%s is of the type %T", expr, expr)
	}
}

func above(samples []sample, op string, limit float64) ([]sample, error) {
	var found []sample
	for _, sample := range samples {
		switch {
		case op != syntax.OpTypeGT && op != syntax.OpTypeGTE:
			return nil, fmt.Errorf("there is no comparison %s", op)
		case sample.value > limit || op == syntax.OpTypeGTE && sample.value == limit:
			found = append(found, sample)
		}
	}
	return found, nil
}

func grouped(samples []sample, operation string, groups []string) ([]sample, error) {
	values := map[string]*sample{}
	for _, of := range samples {
		kept := labels.NewBuilder(of.labels).Keep(groups...).Labels()
		group := values[kept.String()]
		if group == nil {
			group = &sample{labels: kept}
			values[kept.String()] = group
		}
		switch operation {
		case syntax.OpTypeSum:
			group.value += of.value
		case syntax.OpTypeCount:
			group.value++
		default:
			return nil, fmt.Errorf("there is no aggregation %s", operation)
		}
	}
	var found []sample
	for _, group := range values {
		found = append(found, *group)
	}
	return found, nil
}

// counted are the lines of a range, which ends at its offset: its start is not in it, and its end is.
func counted(expr *syntax.RangeAggregationExpr, lines []Line, at time.Time) ([]sample, error) {
	extractors, err := expr.Extractors()
	if err != nil {
		return nil, err
	}
	end := at.Add(-expr.Left.Offset)
	start := end.Add(-expr.Left.Interval)
	var found []sample
	for _, line := range lines {
		if !line.Time.After(start) || line.Time.After(end) || !selects(expr.Left.Left.Matchers(), line.Stream) {
			continue
		}
		for _, extractor := range extractors {
			samples, ok := extractor.ForStream(line.Stream).ProcessString(line.Time.UnixNano(), line.Text, line.Metadata)
			for _, extracted := range samples {
				if !ok {
					continue
				}
				if fault := extracted.Labels.Labels().Get("__error__"); fault != "" {
					return nil, fmt.Errorf("%s: %s", fault, line.Text)
				}
				found = append(found, sample{extracted.Labels.Labels(), extracted.Value})
			}
		}
	}
	return found, nil
}

func selects(matchers []*labels.Matcher, stream labels.Labels) bool {
	for _, matcher := range matchers {
		if !matcher.Matches(stream.Get(matcher.Name)) {
			return false
		}
	}
	return true
}
