package text

import "net/http"

// Problems of what leaves under a catalogue entry: empty conditions, later versions of an entry,
// texts that are none, and levels that a standard cannot be for.
const (
	Empty           Code = "empty"
	KeyChanged      Code = "key-changed"
	EntryPlanNeeded Code = "entry-plan-needed"
	RecordsComing   Code = "records-coming"
	EntryPlanMoved  Code = "entry-plan-moved"
	RecordsUnfit    Code = "records-unfit"
	RecordUnfit     Code = "record-unfit"
	NotText         Code = "not-text"
	NameDisguised   Code = "name-disguised"
	ActMoved        Code = "act-moved"
	LevelAbsent     Code = "level-absent"
	StandardLevel   Code = "standard-level"
	StandardFile    Code = "standard-file"
)

var catalogueProblems = []problem{
	{
		number: 240, code: Empty, status: http.StatusBadRequest, params: []string{"name"},
		zh: parts{"内容为空", "给出了 {name}，但没有内容", "{name}", "请填写内容；不需要这一项的，请整项去掉"},
		en: parts{"Empty", "{name} is given and empty", "{name}", "give it a value, or leave it out altogether"},
	},
	{
		number: 241, code: KeyChanged, status: http.StatusUnprocessableEntity, params: []string{"dataset", "before", "after"},
		zh: parts{"主键不能更改", "数据资源 {dataset} 的主键一直是 {before}，新目录改为 {after}；改后按主键将查不到任何已有记录", "数据资源 {dataset}",
			"请保留原主键及其类型；确需更换的，请以新编码另行发布数据资源"},
		en: parts{"Key changed", "the key of {dataset} is {before}, and the new entry makes it {after}: no record that is there would be found by its key any more",
			"dataset {dataset}", "keep the key and its type, or publish a new dataset under another code"},
	},
	{
		number: 242, code: EntryPlanNeeded, status: http.StatusConflict, params: []string{"dataset"},
		zh: parts{"须先看发布影响", "数据资源 {dataset} 已发布过目录；发布新版本前须先查看并确认其影响", "数据资源 {dataset}",
			"请在提示时确认，或加 --yes"},
		en: parts{"Plan not seen", "{dataset} was published before; what a later version does is looked at before it is published", "dataset {dataset}",
			"answer the question, or give --yes"},
	},
	{
		number: 243, code: EntryPlanMoved, status: http.StatusConflict, params: []string{"dataset"},
		zh: parts{"发布影响已变", "查看之后，数据资源 {dataset} 的记录、目录或权限有变化，与所确认的不同，未发布", "数据资源 {dataset}", "请重新查看发布影响后再确认"},
		en: parts{"What was shown has changed", "the records, the entry or the grants of {dataset} are not what was shown any more; nothing was published",
			"dataset {dataset}", "look at it again, and then publish"},
	},
	{
		number: 328, code: RecordsComing, status: http.StatusConflict, again: true, params: []string{"dataset", "count"},
		zh: parts{"记录不断变化", "核对期间数据资源 {dataset} 又有记录变化（至少 {count} 条），未能逐条核对，新版本未发布；目录没有变化", "数据资源 {dataset}",
			"请重试；仍不行的，请让写入方暂停几秒后再发布。只收紧、不改数据规范的版本（类别、用途、统计、最小单元格、去掉数据项）随时可以发布"},
		en: parts{"Records keep coming", "records of {dataset} changed while the new version was checked ({count} at least), faster than they could be checked, so it " +
			"was not published; the catalogue entry did not change", "dataset {dataset}",
			"try again; if it stays so, let whoever puts the records pause for some seconds. A version that only narrows (category, purposes, measures, smallest cell, " +
				"fields left out) can be published at any time"},
	},
	{
		number: 244, code: RecordsUnfit, status: http.StatusUnprocessableEntity, params: []string{"dataset", "count", "first"},
		zh: parts{"有记录不符合新目录", "数据资源 {dataset} 有 {count} 条记录不符合新的数据规范；最前的几条：{first}", "数据资源 {dataset}",
			"请先修正这些记录或数据规范；如确需发布，请加 --leave-out（程序用参数 leave_out=true）：这些记录将不进入任何结果，并在每次结果中说明条数"},
		en: parts{"Records that do not fit", "{count} [record|records] of {dataset} [does|do:count] not fit the new schema; the first: {first}", "dataset {dataset}",
			"mend the records or the schema first; or leave them out with --leave-out (a program: leave_out=true): they are then in no answer, and every answer tells how many they are"},
	},
	{
		number: 245, code: RecordUnfit, status: http.StatusConflict, params: []string{"dataset"},
		zh: parts{"记录与目录不符", "有记录与数据资源 {dataset} 的现行目录不符，据此不能给出确切的回答", "数据资源 {dataset}", "请与提供部门联系，由其修正记录"},
		en: parts{"Record not as the entry says", "a record is not as the catalogue entry of {dataset} says, so nothing certain can be told from it", "dataset {dataset}",
			"ask the provider to mend the record"},
	},
	{
		number: 247, code: NotText, status: http.StatusUnprocessableEntity, params: []string{"name"},
		zh: parts{"文字无法辨认", "{name} 不是有效的 UTF-8 文字（可能是 GBK 或 GB18030 编码），或含有控制字符、已丢失的文字；存证后无法更改，因此未予记录", "{name}",
			"请将文件另存为 UTF-8 编码，或用 iconv -f GB18030 -t UTF-8 转换后重试；终端请设为 UTF-8；控制字符请删去"},
		en: parts{"Not readable text", "{name} is no UTF-8 text (it may be GBK or GB18030), has control characters, or some of it was lost before; what is recorded stays, so nothing was recorded", "{name}",
			"save the file as UTF-8, or convert it with `iconv -f GB18030 -t UTF-8`, and try again; set the terminal to UTF-8; leave control characters out"},
	},
	{
		number: 415, code: ActMoved, status: http.StatusConflict, again: true,
		zh: parts{"签名之后情况有变", "签名之后、记录之前，账本中的情况有变，所签的内容已不适用；没有记录任何内容", "本节点的存证账本", "请重新执行同一命令"},
		en: parts{"Changed after it was signed", "something in the ledger changed after this was signed and before it was recorded, so what was signed does not hold; nothing was recorded",
			"this node's ledger", "run the command again"},
	},
	{
		number: 414, code: NameDisguised, status: http.StatusUnprocessableEntity, params: []string{"name", "value", "position"},
		zh: parts{"名称中有看不见或易混淆的字符", "{name} 的第 {position} 个字符（{value}）看不见，或者看上去是另一个字符；两个名称会因此看起来一样，所以未予记录", "{name}",
			"请删去该字符，或用键盘重新输入这个名称；从网页或表格中复制来的文字常带有这种字符"},
		en: parts{"A name with a disguise", "character {position} of {name} ({value}) is not seen, or looks like another one; two names would look the same, so nothing was recorded", "{name}",
			"take the character out, or type the name anew; text that is copied from pages and sheets often has such characters"},
	},
	{
		number: 393, code: LevelAbsent, status: http.StatusUnprocessableEntity, params: []string{"dataset", "level", "levels"},
		zh: parts{"下级中没有该层级", "标准目录 {dataset} 写明由“{level}”提供，而下级中没有这一层级", "文件中的 level",
			"请改为下列之一，写代码或中文名称都可以：{levels}"},
		en: parts{"No such level below", "the standard {dataset} is for the level \"{level}\", which no place below has", "level in the file",
			"write one of these, as code or as word: {levels}"},
	},
	{
		number: 394, code: StandardLevel, status: http.StatusUnprocessableEntity, params: []string{"dataset", "level", "jurisdiction", "own"},
		zh: parts{"标准目录不供本级采用", "标准目录 {dataset} 供{level}采用，{jurisdiction}是{own}", "标准目录 {dataset}",
			"请由{level}的行政区划采用；要发布自己的数据资源，请换一个编码，用 xietong dataset publish 发布"},
		en: parts{"A standard for another level", "the standard {dataset} is for the level {level}; {jurisdiction} is of the level {own}", "standard {dataset}",
			"have the places of the level {level} adopt it; to publish a dataset of your own, take another code and `xietong dataset publish`"},
	},
	{
		number: 398, code: StandardFile, status: http.StatusUnprocessableEntity, params: []string{"dataset", "file"},
		zh: parts{"这是标准目录的文件", "文件写有 level，是标准目录 {dataset}，不是数据资源的目录", "{file}",
			"制定标准目录，请用 xietong dataset standard publish FILE；采用上级的标准目录，请用 xietong dataset adopt {dataset}；作为自己的数据资源发布，请去掉 level"},
		en: parts{"File of a standard", "the file names a level: it is the standard {dataset}, and no dataset", "{file}",
			"set a standard with `xietong dataset standard publish FILE`, adopt that of those above with `xietong dataset adopt {dataset}`; to publish a dataset of your own, take `level` out"},
	},
}
