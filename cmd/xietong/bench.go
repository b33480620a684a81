package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"xietong/cmd/xietong/bench"
	"xietong/cmd/xietong/bench/echo"
	"xietong/node"
	"xietong/node/ground/text"
)

// Limits of a bench.
const (
	maxClients = 1024
	maxAskers  = 64 // a node serves at most so many requests of one origin at once
	maxSeconds = 3600

	maxReplicas = 5 // of a jurisdiction
)

func (a *app) benchCommand() *cobra.Command {
	return a.group("bench", text.CLIShortBench, a.benchLedger(), a.benchQuery(), a.benchHostile(), a.benchNode(), a.benchSpin(), a.benchEcho())
}

func (a *app) benchLedger() *cobra.Command {
	clients, size, replicas, seconds := "64", "512", "1", "5"
	c := a.verb("ledger", text.CLIShortBenchLedger, func(cmd *cobra.Command, _ []string) error {
		o := bench.LedgerOptions{Logger: slog.New(slog.DiscardHandler)}
		var errs [4]error
		o.Clients, errs[0] = a.whole("--clients", clients, maxClients)
		o.Size, errs[1] = a.whole("--size", size, bench.MaxAppend)
		o.For, errs[2] = a.during(seconds)
		o.Replicas, errs[3] = a.whole("--replicas", replicas, maxReplicas)
		if err := errors.Join(errs[:]...); err != nil {
			return err
		}
		m := a.meter()
		o.Told = a.measuring(m)
		var got bench.LedgerResult
		err := a.asNode(cmd.Context(), func() (err error) {
			got, err = bench.Ledger(cmd.Context(), o)
			return err
		})
		m.clear()
		if errors.Is(err, bench.ErrAppendSize) {
			return a.badValue("--size", size, a.ranged(1, bench.MaxAppend))
		}
		if err != nil {
			return err
		}
		return a.printBenchLedger(got, size)
	})
	c.Long = a.t(text.CLILongBenchLedger, nil)
	c.Flags().StringVar(&clients, "clients", clients, a.t(text.CLIFlagClients, nil))
	c.Flags().StringVar(&size, "size", size, a.t(text.CLIFlagSize, nil))
	c.Flags().StringVar(&replicas, "replicas", replicas, a.t(text.CLIFlagReplicas, nil))
	c.Flags().StringVar(&seconds, "seconds", seconds, a.t(text.CLIFlagSeconds, nil))
	return c
}

func (a *app) benchQuery() *cobra.Command {
	clients, seconds := "1,64", "5"
	c := a.verb("query", text.CLIShortBenchQuery, func(cmd *cobra.Command, _ []string) error {
		var o bench.QueryOptions
		var err error
		for one := range strings.SplitSeq(clients, ",") {
			n, bad := a.whole("--clients", one, maxAskers)
			o.Clients, err = append(o.Clients, n), errors.Join(err, bad)
		}
		var bad error
		o.For, bad = a.during(seconds)
		if err := errors.Join(err, bad); err != nil {
			return err
		}
		m := a.meter()
		o.Told = a.measuring(m)
		got, err := bench.Query(cmd.Context(), o)
		m.clear()
		if err != nil {
			return err
		}
		return a.printBenchQuery(got)
	})
	c.Long = a.t(text.CLILongBenchQuery, nil)
	c.Flags().StringVar(&clients, "clients", clients, a.t(text.CLIFlagClientsList, nil))
	c.Flags().StringVar(&seconds, "seconds", seconds, a.t(text.CLIFlagSeconds, nil))
	return c
}

func (a *app) benchHostile() *cobra.Command {
	clients, seconds := "4", "5"
	c := a.verb("hostile", text.CLIShortBenchHostile, func(cmd *cobra.Command, _ []string) error {
		m := a.meter()
		o := bench.HostileOptions{Told: a.measuring(m)}
		var errs [2]error
		o.Clients, errs[0] = a.whole("--clients", clients, maxAskers)
		o.For, errs[1] = a.during(seconds)
		if err := errors.Join(errs[:]...); err != nil {
			return err
		}
		got, err := bench.Hostile(cmd.Context(), o)
		m.clear()
		if err != nil {
			return err
		}
		return a.printBenchHostile(got)
	})
	c.Long = a.t(text.CLILongBenchHostile, nil)
	c.Flags().StringVar(&clients, "clients", clients, a.t(text.CLIFlagClientsFew, nil))
	c.Flags().StringVar(&seconds, "seconds", seconds, a.t(text.CLIFlagSeconds, nil))
	return c
}

// asNode runs do with the memory settings that serve would give a node of one jurisdiction.
func (a *app) asNode(ctx context.Context, do func() error) error {
	k := a.keeper()
	k.host(1)
	return k.while(ctx, a.hosted, do)
}

// benchNode makes the hidden verb that runs a node of the benchmark: see bench.Serve.
func (a *app) benchNode() *cobra.Command {
	c := a.verb("node", text.CLIShortServe, func(cmd *cobra.Command, _ []string) error {
		form, err := a.logForm("info", "text")
		if err != nil {
			return err
		}
		logger, log := a.logger(form)
		defer log.Close()
		o := node.ServeOptions{Logger: logger, Version: programVersion()}
		return a.asNode(cmd.Context(), func() error {
			return bench.Serve(cmd.Context(), a.data, o, a.stdin, a.stdout)
		})
	})
	c.Hidden = true
	return c
}

// benchSpin makes the hidden verb that burns processors beside the nodes.
func (a *app) benchSpin() *cobra.Command {
	var processors float64
	c := a.verb("spin", text.CLIShortBenchHostile, func(cmd *cobra.Command, _ []string) error {
		return bench.Spin(processors, a.stdin)
	})
	c.Hidden = true
	c.Flags().Float64Var(&processors, "processors", 0, "")
	return c
}

// benchEcho makes the hidden verb that runs a hop of the echo.
func (a *app) benchEcho() *cobra.Command {
	var h echo.Hop
	c := a.verb("echo", text.CLIShortBenchQuery, func(cmd *cobra.Command, _ []string) error {
		return h.Run(cmd.Context(), a.stdin, a.stdout)
	})
	c.Hidden = true
	c.Flags().StringVar(&h.Above, "above", "", "")
	c.Flags().BoolVar(&h.Listen, "below", false, "")
	c.Flags().IntVar(&h.Request, "request", 0, "")
	c.Flags().IntVar(&h.Answer, "answer", 0, "")
	return c
}

// whole reads a whole number from 1 to most.
func (a *app) whole(flag, value string, most int) (int, error) {
	n, err := strconv.Atoi(value)
	if err != nil || n < 1 || n > most {
		return 0, a.badValue(flag, value, a.ranged(1, most))
	}
	return n, nil
}

// during reads a number of seconds from 0.001 to maxSeconds, which may have a fraction.
func (a *app) during(seconds string) (time.Duration, error) {
	s, err := strconv.ParseFloat(seconds, 64)
	if d := time.Duration(s * float64(time.Second)); err == nil && d >= time.Millisecond && s <= maxSeconds {
		return d, nil
	}
	return 0, a.badValue("--seconds", seconds, a.t(text.FormFraction, nil))
}

// measuring returns a function that shows the current measurement on the meter.
func (a *app) measuring(m *meter) func(what string, clients int) {
	return func(what string, clients int) {
		m.tell(a.t(text.BenchMeasuring, text.Args{"what": a.measured(what), "clients": strconv.Itoa(clients)}), false)
	}
}

// measured returns the name of a measurement for people.
func (a *app) measured(what string) string {
	return a.t(map[string]text.Code{
		bench.WhatAppend: text.BenchAppend, bench.WhatFsync: text.BenchFsync,
		bench.WhatQuery: text.BenchAsk, bench.WhatEcho: text.BenchEcho, bench.WhatHop: text.BenchHop, bench.WhatFirst: text.BenchFirst,
		bench.WhatAlone: text.BenchAlone, bench.WhatBeside: text.BenchBeside, bench.WhatHostile: text.BenchHostile,
		bench.WhatControl: text.BenchControl,
	}[what], nil)
}

// printMeasurements prints a line for each measurement: JSON, or a table for people.
func (a *app) printMeasurements(all []bench.Measurement) error {
	if a.jsonOnly {
		enc := json.NewEncoder(a.stdout)
		for _, m := range all {
			if err := enc.Encode(m); err != nil {
				return fmt.Errorf("write answer: %w", err)
			}
		}
		return nil
	}
	heading := []string{
		a.t(text.BenchWhat, nil), a.t(text.BenchClients, nil), a.t(text.BenchRate, nil), a.t(text.BenchP50, nil), a.t(text.BenchP99, nil),
		a.t(text.BenchCPU, nil),
	}
	var rows [][]string
	for _, m := range all {
		cpu := "-"
		if m.CPU > 0 {
			cpu = fmt.Sprintf("%.0f", m.CPU)
		}
		rows = append(rows, []string{
			a.measured(m.What), strconv.Itoa(m.Clients), fmt.Sprintf("%.0f", m.PerS), fmt.Sprintf("%.0f", m.P50), fmt.Sprintf("%.0f", m.P99), cpu,
		})
	}
	a.table(heading, rows)
	return nil
}

func (a *app) printBenchLedger(got bench.LedgerResult, size string) error {
	if !a.jsonOnly {
		a.say(text.BenchLedger, text.Args{"size": size})
	}
	if err := a.printMeasurements([]bench.Measurement{got.Append, got.Fsync}); err != nil || a.jsonOnly {
		return err
	}
	a.say(text.BenchLedgerRatio, text.Args{"ratio": ratio(got.Append.PerS, got.Fsync.PerS)})
	a.say(text.BenchVerified, text.Args{"entries": number(got.Verified.Entries), "root": got.Verified.Root})
	return nil
}

func (a *app) printBenchHostile(got bench.HostileResult) error {
	err := a.printMeasurements([]bench.Measurement{got.Alone, got.Beside, got.Control, got.Hostile})
	if err != nil || a.jsonOnly {
		return err
	}
	a.say(text.BenchHostileQuota, text.Args{
		"quota": ratio(got.Quota, 1), "clients": strconv.Itoa(got.Hostile.Clients), "times": ratio(float64(got.Hostile.Clients), got.Quota),
		"burnt": ratio(got.Burnt, 1),
	})
	a.say(text.BenchHostileRatio, text.Args{"median": ratio(got.Beside.P50, got.Alone.P50), "tail": ratio(got.Beside.P99, got.Alone.P99)})
	a.say(text.BenchControlRatio, text.Args{
		"burnt": ratio(got.Burnt, 1), "median": ratio(got.Control.P50, got.Alone.P50), "tail": ratio(got.Control.P99, got.Alone.P99),
	})
	a.say(text.BenchHostileOfControl, text.Args{"median": ratio(got.Beside.P50, got.Control.P50), "tail": ratio(got.Beside.P99, got.Control.P99)})
	return nil
}

// ratio writes a / b with three digits; "-" where b is 0.
func ratio(a, b float64) string {
	if b == 0 {
		return "-"
	}
	return strconv.FormatFloat(a/b, 'g', 3, 64)
}

func (a *app) printBenchQuery(got bench.QueryResult) error {
	var all []bench.Measurement
	for _, run := range got.Runs {
		all = append(all, run.Query, run.Hop, run.Echo)
	}
	all = append(all, got.First)
	if !a.jsonOnly {
		a.say(text.BenchQuery, text.Args{"request": strconv.Itoa(got.Request), "answer": strconv.Itoa(got.Answer)})
	}
	if err := a.printMeasurements(all); err != nil || a.jsonOnly {
		return err
	}
	for _, run := range got.Runs {
		a.say(text.BenchQueryRatio, text.Args{
			"clients": strconv.Itoa(run.Query.Clients), "slower": ratio(run.Query.P50, run.Echo.P50), "rate": ratio(run.Query.PerS, run.Echo.PerS),
		})
	}
	a.printSteps(got.Runs)
	return nil
}

// printSteps prints the time of each step, a column for each number of clients, and whether the
// steps add up to the whole.
func (a *app) printSteps(runs []bench.QueryRun) {
	fmt.Fprintln(a.stdout)
	a.say(text.BenchSteps, nil)
	heading := []string{a.t(text.BenchStep, nil), a.t(text.BenchWhere, nil)}
	micros := func(d time.Duration) string { return strconv.FormatInt(d.Microseconds(), 10) }
	var rows [][]string
	for i, s := range runs[0].Steps.Steps {
		row := []string{s.Name, a.stepAt(s.Where)}
		if s.Times > 1 {
			row[0] += " ×" + strconv.Itoa(s.Times)
		}
		for _, run := range runs {
			row = append(row, micros(run.Steps.Steps[i].Took))
		}
		rows = append(rows, row)
	}
	sum, total, rest := []string{a.t(text.BenchSum, nil), ""}, []string{a.t(text.BenchTotal, nil), ""}, []string{a.t(text.BenchRest, nil), ""}
	for _, run := range runs {
		heading = append(heading, a.t(text.BenchWith, text.Args{"clients": strconv.Itoa(run.Query.Clients)}))
		sum, total = append(sum, micros(run.Steps.Sum)), append(total, micros(run.Steps.Total))
		rest = append(rest, micros(run.Steps.Total-run.Steps.Sum))
	}
	a.table(heading, append(rows, sum, rest, total))
	for _, run := range runs {
		part := run.Steps.Unexplained()
		args := text.Args{
			"clients": strconv.Itoa(run.Query.Clients), "part": fmt.Sprintf("%.1f", 100*part), "tolerance": fmt.Sprint(100 * bench.Tolerance),
		}
		if part <= bench.Tolerance && part >= -bench.Tolerance {
			a.say(text.BenchMatches, args)
		} else {
			a.say(text.BenchDiffers, args)
		}
	}
}

func (a *app) stepAt(where string) string {
	return a.t(map[string]text.Code{
		bench.AtProvince: text.BenchProvince, bench.AtCity: text.BenchCity, bench.AtCounty: text.BenchCounty,
		bench.OnTheWay: text.BenchLink,
	}[where], nil)
}
