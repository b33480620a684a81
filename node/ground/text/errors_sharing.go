package text

import "net/http"

// Problems of sharing: the reasons for which a use is refused, and a missing standard entry.
// policy.Decide gives the order in which a use is checked.
const (
	UnknownDataset    Code = "unknown-dataset"
	PurposeNeeded     Code = "purpose-needed"
	UnknownPurpose    Code = "unknown-purpose"
	UnknownField      Code = "unknown-field"
	NotShared         Code = "not-shared"
	GrantNeeded       Code = "grant-needed"
	GrantRevoked      Code = "grant-revoked"
	GrantExpired      Code = "grant-expired"
	FieldNotGranted   Code = "field-not-granted"
	PolicyMoved       Code = "policy-moved"
	DatasetMoved      Code = "dataset-moved"
	BasisNeeded       Code = "basis-needed"
	MeasureNeedsBasis Code = "measure-needs-basis"
	NoStandard        Code = "no-standard"
	TooManyGroups     Code = "too-many-groups"
	NoGrantByRule     Code = "no-grant-by-rule"

	MeasureNotOffered Code = "measure-not-offered"
	GroupTooSmall     Code = "group-too-small"
	MeasureInexact    Code = "measure-inexact"
)

var sharingProblems = []problem{
	{
		number: 20, code: UnknownDataset, status: http.StatusNotFound, params: []string{"dataset", "jurisdiction", "near"},
		zh: parts{"数据资源不存在", "{jurisdiction}的目录中没有编码为 {dataset} 的数据资源；相近的：{near}", "{jurisdiction}",
			"请用 xietong dataset list --at {jurisdiction} 查看其目录后重试"},
		en: parts{"Unknown dataset", "the catalogue of {jurisdiction} has no dataset {dataset}; near it: {near}", "{jurisdiction}",
			"see what there is with `xietong dataset list --at {jurisdiction}`"},
	},
	{
		number: 21, code: PurposeNeeded, status: http.StatusBadRequest, params: []string{"dataset", "purposes"},
		zh: parts{"未说明使用用途", "使用政务数据应当说明用途，本次请求未说明", "数据资源 {dataset}",
			"请用 --purpose 填写目录所列用途之一：{purposes}"},
		en: parts{"Purpose needed", "every use of government data has a purpose, and the request gives none",
			"dataset {dataset}", "give one of the purposes in the catalogue with --purpose: {purposes}"},
	},
	{
		number: 22, code: UnknownPurpose, status: http.StatusBadRequest, params: []string{"purpose", "dataset", "purposes"},
		zh: parts{"用途不在目录所列范围内", "目录未列用途 {purpose}", "数据资源 {dataset}",
			"请改用目录所列用途之一：{purposes}；确需新用途的，请提供部门更新目录"},
		en: parts{"Unknown purpose", "the catalogue does not list the purpose {purpose}", "dataset {dataset}",
			"use one that it lists: {purposes}; for a new one, ask the provider to update the catalogue"},
	},
	{
		number: 23, code: UnknownField, status: http.StatusBadRequest, params: []string{"field", "dataset", "fields"},
		zh: parts{"数据项不存在", "该数据资源没有数据项 {field}", "数据资源 {dataset}", "请改用下列数据项：{fields}"},
		en: parts{"Unknown field", "the dataset has no such field: {field}", "dataset {dataset}", "use one of its fields: {fields}"},
	},
	{
		number: 24, code: NotShared, status: http.StatusForbidden, params: []string{"dataset", "citation"},
		zh: parts{"不予共享", "该数据资源属于不予共享类，依据：{citation}", "数据资源 {dataset}",
			"对该依据有异议的，请向提供部门或者政务数据共享主管部门提出"},
		en: parts{"Not shared", "this dataset is not shared; forbidden by {citation}", "dataset {dataset}",
			"if you doubt that ground, take it up with the provider or the supervising department"},
	},
	{
		number: 25, code: GrantNeeded, status: http.StatusForbidden, params: []string{"dataset", "provider", "purpose", "name", "give"},
		zh: parts{"须先取得共享权限", "该数据资源属于有条件共享类，本部门没有由提供部门人工授予、用于 {purpose} 的共享权限", "数据资源 {dataset}",
			"请向{name}的提供部门 {provider} 提出，依据《政务数据共享条例》第二十一条，提供部门应当在 10 个工作日内答复；同意的，由其执行：" +
				"{give} --until 期限 --basis 依据 --paper 文号"},
		en: parts{"Grant needed", "this dataset is shared on conditions, and your agency holds no grant by hand for the purpose {purpose}",
			"dataset {dataset}", "ask the provider, {provider} of {name}, which must answer within 10 working days (Regulation on Government " +
				"Data Sharing, article 21) and gives one with `{give} --until DATE --basis BASIS --paper PAPER`"},
	},
	{
		number: 26, code: GrantRevoked, status: http.StatusForbidden, params: []string{"grant", "dataset", "entry", "provider", "name", "give"},
		zh: parts{"共享权限已撤销", "共享权限 {grant} 已由条目 {entry} 撤销；其他部门、其他用途和其他数据资源的共享权限不受影响，依标准目录的统计在其未撤销时照常",
			"数据资源 {dataset}", "请向{name}的提供部门 {provider} 了解撤销理由；可以继续使用的，由其另行授予：{give} --until 期限 --basis 依据 --paper 文号"},
		en: parts{"Grant revoked", "grant {grant} was revoked by entry {entry}; grants of other agencies, for other purposes and of other " +
			"datasets go on, and so does counting under an adopted standard while that stands", "dataset {dataset}",
			"ask the provider, {provider} of {name}, for the reason; where the use may go on, it gives another grant with " +
				"`{give} --until DATE --basis BASIS --paper PAPER`"},
	},
	{
		number: 27, code: GrantExpired, status: http.StatusForbidden, params: []string{"grant", "dataset", "until"},
		zh: parts{"共享权限已到期", "共享权限 {grant} 已于 {until} 到期", "数据资源 {dataset}",
			"仍需使用的，请重新申请：随查询填写 --basis、--scenario、--scope、--method 和 --until，系统按规则答复"},
		en: parts{"Grant expired", "grant {grant} ended on {until}", "dataset {dataset}",
			"if you still need the data, apply again: ask with --basis, --scenario, --scope, --method and --until, which is answered at once"},
	},
	{
		number: 28, code: FieldNotGranted, status: http.StatusForbidden, params: []string{"field", "grant", "dataset", "fields", "provider", "name", "give"},
		zh: parts{"数据项超出共享权限", "共享权限 {grant} 不包括数据项 {field}", "数据资源 {dataset}",
			"请用 --fields 只查询已获准的数据项：{fields}；确需其他数据项的，请{name}的提供部门 {provider} 执行：{give} --until 期限 --basis 依据 --paper 文号"},
		en: parts{"Field not granted", "grant {grant} does not include: {field}", "dataset {dataset}",
			"ask for the fields that were granted, with --fields: {fields}; others are given by the provider, {provider} of {name}, with " +
				"`{give} --until DATE --basis BASIS --paper PAPER`"},
	},
	{
		number: 29, code: PolicyMoved, status: http.StatusConflict, params: []string{"dataset"},
		zh: parts{"共享权限已变更", "办理期间共享权限发生变更，本次使用未执行", "数据资源 {dataset}", "请重新提交"},
		en: parts{"Permission changed", "the permission changed while the request was handled, so nothing was done",
			"dataset {dataset}", "send the request again"},
	},
	{
		number: 30, code: DatasetMoved, status: http.StatusConflict, params: []string{"dataset"},
		zh: parts{"目录已更新", "办理期间目录发生更新，本次请求未执行", "数据资源 {dataset}", "请查看新版目录后重新提交"},
		en: parts{"Catalogue changed", "the catalogue entry changed while the request was handled, so nothing was done",
			"dataset {dataset}", "read the new entry and send the request again"},
	},
	{
		number: 31, code: BasisNeeded, status: http.StatusBadRequest, params: []string{"missing", "dataset"},
		zh: parts{"申请材料不全", "本次使用须一并提出共享申请，尚缺：{missing}", "数据资源 {dataset}",
			"请用 --basis、--scenario、--scope、--method（怎样使用，如“逐户核对”）、--until 一次补全后重新执行（《政务数据共享条例》第二十条、第二十一条）"},
		en: parts{"Application incomplete", "this use needs an application, which lacks: {missing}", "dataset {dataset}",
			"give all of it with --basis, --scenario, --scope, --method (how the data are used, in words) and --until, and run the command again (Regulation on Government Data Sharing, articles 20 and 21)"},
	},
	{
		number: 434, code: MeasureNeedsBasis, status: http.StatusBadRequest, params: []string{"fields", "missing", "dataset"},
		zh: parts{"这样统计须提出申请", "标准目录准许上级直接统计全部记录，并按这些数据项分组：{fields}；加条件的、按其他数据项分组的，须提出共享申请，尚缺：{missing}", "数据资源 {dataset}",
			"请去掉条件，或者改按上述数据项分组；确有需要的，一次补全申请后重新提交（《政务数据共享条例》第二十条、第二十一条）"},
		en: parts{"Measure needs an application", "by the standard, those above measure all records without an application, by these fields: {fields}; with a condition, or by another field, this needs an application, which lacks: {missing}", "dataset {dataset}",
			"leave the condition out, or group by one of these fields; if it is needed so, give all of the application and send the request again (Regulation on Government Data Sharing, articles 20 and 21)"},
	},
	{
		number: 18, code: NoGrantByRule, status: http.StatusForbidden, params: []string{"dataset", "jurisdiction", "entry", "provider", "name", "give"},
		zh: parts{"不再自动授予共享权限", "{jurisdiction}对该数据资源的共享权限曾由条目 {entry} 撤销，此后不再自动授予；其各部门尚未撤销的共享权限和其他数据资源不受影响",
			"数据资源 {dataset}", "请向{name}的提供部门 {provider} 了解撤销理由；可以使用的，由其授予：{give} --until 期限 --basis 依据 --paper 文号"},
		en: parts{"No grant by rule", "a grant of {jurisdiction} was revoked by entry {entry}; since then its agencies get no new one by rule, " +
			"while those that they hold, and other datasets, go on",
			"dataset {dataset}", "ask the provider, {provider} of {name}, for the reason; where the use may go on, it gives a grant with " +
				"`{give} --until DATE --basis BASIS --paper PAPER`"},
	},
	{
		number: 32, code: NoStandard, status: http.StatusNotFound, params: []string{"dataset", "jurisdiction"},
		zh: parts{"没有标准目录", "没有编码为 {dataset} 的标准目录", "{jurisdiction}", "请用 xietong dataset standard list --above 查看各上级已定的标准目录，不带 --above 的是本级所定"},
		en: parts{"No standard entry", "no standard entry {dataset} was set", "{jurisdiction}",
			"`xietong dataset standard list --above` lists what those above have set, and without --above what is set here"},
	},
	{
		number: 33, code: TooManyGroups, status: http.StatusUnprocessableEntity, params: []string{"dataset", "field", "limit"},
		zh: parts{"分组过多", "按 {field} 分组超过 {limit} 组", "数据资源 {dataset}", "请改按取值较少的数据项分组，或先用 --where、--filter 缩小范围"},
		en: parts{"Too many groups", "there are more than {limit} [group|groups] by {field}", "dataset {dataset}",
			"group by a field of fewer values, or count fewer records with --where or --filter"},
	},
	{
		number: 109, code: MeasureNotOffered, status: http.StatusForbidden, params: []string{"dataset", "measure", "offered"},
		zh: parts{"目录未开放该统计", "目录没有开放统计 {measure}；已开放的有：{offered}", "数据资源 {dataset}",
			"请改用目录已开放的统计；确有需要的，请提供部门在目录的 measures、group_by 中列明"},
		en: parts{"Measure not offered", "the catalogue does not offer {measure}; it offers {offered}", "dataset {dataset}",
			"ask for one that it offers, or ask the provider to list it under measures and group_by"},
	},
	{
		number: 110, code: GroupTooSmall, status: http.StatusForbidden, params: []string{"dataset", "measure", "least"},
		zh: parts{"分组过小，不予公布", "统计 {measure} 只能由不少于 {least} 条有值记录得出，且其中任何一条不得占到一半；现有记录不符合", "数据资源 {dataset}",
			"请扩大统计范围，或者只查询记录数"},
		en: parts{"Too few to be told",
			"{measure} is told of {least} [record|records] that [has|have] a value or more, of which none makes half; the present records are not so", "dataset {dataset}",
			"ask for a wider range, or for the number of records alone"},
	},
	{
		number: 111, code: MeasureInexact, status: http.StatusUnprocessableEntity, params: []string{"dataset", "measure"},
		zh: parts{"统计结果无法准确表示", "统计 {measure} 的某个值或者合计超过 38 位有效数字，或者小数超过 18 位", "数据资源 {dataset}",
			"请加上条件缩小范围；提供部门可用筛选条件（如 数据项 > 1e16）找出不合理的取值予以更正，并在数据规范中为该数据项设定 minimum 和 maximum"},
		en: parts{"Not exact", "a value of {measure}, or what they come to, has more than 38 digits, or more than 18 after the point",
			"dataset {dataset}", "narrow the question by a condition; the provider finds values that cannot be by a filter such as FIELD > 1e16, corrects them, and sets minimum and maximum for the field in the schema"},
	},
}
