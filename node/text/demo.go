package text

// What the demo tells while it runs.
const (
	DemoBuilding Code = "demo.building"
	DemoReady    Code = "demo.ready"
	DemoImported Code = "demo.imported"
	DemoQuery    Code = "demo.query"
	DemoRefused  Code = "demo.refused"
	DemoReceipt  Code = "demo.receipt"
	DemoStays    Code = "demo.stays"
	DemoDone     Code = "demo.done"
)

var demoSentences = []sentence{
	{DemoBuilding, "正在本机搭建 {name}……", "building {name} on this machine…"},
	{DemoReady, "{name} 已就绪，用时 {time}", "{name} is ready after {time}"},
	{DemoImported, "{title}：导入 {rows} 条，用时 {time}", "{title}: imported {rows} records in {time}"},
	{DemoQuery, "{agency} 以“{purpose}”为用途查询 {dataset}：{count} 条，用时 {time}",
		"{agency} queried {dataset} for {purpose}: {count} rows in {time}"},
	{DemoRefused, "如实拒绝：{reason}", "refused, as it must be: {reason}"},
	{DemoReceipt, "条目 {entry} 的存证凭证已离线验证通过", "verified the receipt of entry {entry} offline"},
	{DemoStays, "演示继续运行，按 Ctrl+C 结束。可另开终端试用：{command}", "the demo stays up until Ctrl+C; try in another terminal: {command}"},
	{DemoDone, "演示结束，共 {steps} 步，用时 {time}", "done: {steps} steps in {time}"},
}
