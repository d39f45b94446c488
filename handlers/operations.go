package handlers

// operationTexts say what each operation does, by the id in routes.go.
var operationTexts = map[string]text{
	"signIn": {
		"用 wx.login 或 my.getAuthCode 取得的 code 换取令牌，有效期两小时。令牌到期或返回 401 时重新静默登录即可，无需用户操作。",
		"Exchanges the code of wx.login or my.getAuthCode for a token that is good for two hours. Sign in silently again when it ends or after a 401.",
	},
	"listSessions": {"列出当前用户有效的登录记录。", "Lists the user's sessions that are still good."},
	"signOut": {
		"结束一次登录，其令牌随即失效。current 表示本次登录。",
		"Ends one session; its token is refused from then on. current is the one in use.",
	},
	"signOutAll": {
		"结束当前用户的全部登录；keep_current 为 true 时保留本次登录。",
		"Ends all sessions of the user; with keep_current the one in use stays.",
	},
	"home": {
		"小程序首屏所需的全部内容：用户、参保人及其余额和提醒、进行中的绑定申请。各部分互不影响，某一部分暂时无法获取时，由其 state 和 problem 说明。" +
			"余额最多等待数秒，逾时返回最近一次取得的数据。",
		"All that the first screen shows: the user, the insured persons each with balance and reminder, and the link attempts under way. " +
			"No part fails another: one that cannot be had says so in its state and problem. A balance is waited for a few seconds at most, " +
			"then the last good one is shown.",
	},
	"me": {"当前用户的登录、已绑定的参保人和可发送的消息数。", "The session in use, the linked persons and the messages that may be sent."},
	"listRegions": {
		"开通的地区、可用的核验方式，以及两份授权说明：查询余额（绑定时必须同意）和定期查询（提醒和每日记录需要，可不同意）。",
		"Regions with their ways to verify, and the two consent texts: for reading the balance (needed for a link) and for regular reading (for reminders and daily records; may be declined).",
	},
	"searchInstitutions": {
		"按名称、代码或拼音查找参保地的定点医药机构，无需绑定参保人。数据由医保系统定期导入，更新时间见 meta.as_of。",
		"Finds the designated institutions of a region by name, code or pinyin; no link is needed. They are imported regularly: meta.as_of says up to when.",
	},
	"searchDrugs": {
		"按名称、代码或拼音查询参保地医保药品目录及其类别，无需绑定参保人。数据由医保系统定期导入，更新时间见 meta.as_of。",
		"Finds the drugs on a region's list, with their grades, by name, code or pinyin; no link is needed. They are imported regularly: meta.as_of says up to when.",
	},
	"startLink": {
		"提交参保人信息和用户的同意，发起绑定。无论信息是否与参保登记一致，返回内容相同，以免他人借此得知某人是否参保。" +
			"返回 429 且 retryable 为 false 时，请将 message 展示给用户，不要自行重试。",
		"Sends the person's details and the user's consent. The answer is the same whether the person exists or not. " +
			"After a 429 with retryable false, show message to the user and do not try again by yourself.",
	},
	"getLinkAttempt": {
		"绑定申请的当前状态。有 poll_in 时，请等待该秒数后再查询。",
		"The present state of a link attempt. Where there is poll_in, wait that many seconds before asking again.",
	},
	"resendCode": {
		"重新发送验证码，之前的验证码随即失效。resend_in 为 0 且 sends_left 大于 0 时可用。",
		"Sends another code; the one before stops working. Possible once resend_in is 0, while sends_left is above 0.",
	},
	"proveLink": {
		"提交验证码或医保卡查询密码。200 表示已绑定，或须先解除他人的绑定（full）；202 表示核验信息正确，仍在向医保系统确认，请按 poll_in 查询进度。",
		"Sends the code, or number and password of the card. 200: linked, or others must be removed first (full). 202: right, and being confirmed; ask again after poll_in.",
	},
	"endOther": {
		"绑定数量已达上限时（state 为 full），本人可解除 others 中的一项，如同该账号自行解除；之后本次申请自动继续，返回其最新状态。",
		"Where as many accounts as allowed are linked (state full), the person removes one of others, as its own user would; the attempt " +
			"then goes on, and its state is answered.",
	},
	"listInsured": {"列出已绑定的参保人。", "Lists the insured persons that are linked."},
	"getInsured":  {"一位已绑定的参保人。", "One insured person that is linked."},
	"setUnattended": {
		"单独同意或撤回定期查询余额，不影响绑定和查询余额。同意时须提交现行版本的 consent。",
		"Gives or withdraws regular reading by itself; link and balance stay. To give it, send consent to the version in force.",
	},
	"unlink": {
		"解除绑定，并撤回绑定时的同意；其提醒一并取消。没有其他绑定时，该参保人的余额记录随即删除。",
		"Removes the link, withdraws its consent and removes its reminder. Without another link to the person, the balances on record are deleted.",
	},
	"getBalance": {
		"参保人当前的参保信息和个人账户余额。医保系统无法访问时返回最近一次取得的数据，freshness 为 stale。",
		"Enrolments and personal accounts at present. Where the medical-insurance system cannot be reached, the last good answer, with freshness stale.",
	},
	"getTrend": {
		"个人账户余额走势，按 format 返回图表库可直接使用的数据。返回内容的 format 说明 chart 的结构。",
		"Balances over time as data for a chart library. format in the answer tells the shape of chart.",
	},
	"getTrendPicture": {"余额走势图表的 SVG 图片，可直接显示，颜色随 theme 变化，含供读屏软件朗读的标题和说明。", "The balance over time. The chart as an SVG picture, to be shown as it is, with a title and a description for screen readers; theme chooses its colours."},
	"getFlow": {
		"个人账户每月的收入与支出（支出为负），利息和转移单列；年度结转和已冲正的记录不计入。",
		"What came into the personal account each month and what went out of it (below zero), with interest and transfers apart. " +
			"What is carried from year to year, and entries that were taken back, are left out.",
	},
	"getFlowPicture": {"个人账户收支图表的 SVG 图片，可直接显示，颜色随 theme 变化，含供读屏软件朗读的标题和说明。", "In and out of the account. The chart as an SVG picture, to be shown as it is, with a title and a description for screen readers; theme chooses its colours."},
	"getSpending": {
		"每月医疗费用总额，按就诊类别或按机构（by）；已退费、冲正和作废的结算不计入。",
		"Totals of the bills of each month, by kind of visit or by institution (by). Bills that were taken back or do not count are left out.",
	},
	"getSpendingPicture": {"医疗费用图表的 SVG 图片，可直接显示，颜色随 theme 变化，含供读屏软件朗读的标题和说明。", "Medical spending. The chart as an SVG picture, to be shown as it is, with a title and a description for screen readers; theme chooses its colours."},
	"getContributionsChart": {
		"按费款所属月份的缴费，分单位、个人和财政补助；一次缴纳多个月的，计入首月。参保地不提供金额时，amounts 为 not_given，且没有曲线。",
		"What was paid in, in the month it was paid for: by the employer, the person and public funds. A sum for several months stands in the first. " +
			"Where the region gives no amounts, amounts is not_given and there is no series.",
	},
	"getContributionsChartPicture": {"缴费图表的 SVG 图片，可直接显示，颜色随 theme 变化，含供读屏软件朗读的标题和说明。", "Contributions. The chart as an SVG picture, to be shown as it is, with a title and a description for screen readers; theme chooses its colours."},
	"listSettlements": {
		"结算记录，由新到旧，包括每笔费用由谁支付。退费与原结算成对标记（state、pair）。format=csv 导出全部符合条件的记录。",
		"The bills, newest first, with who paid which part. A refund and its bill name each other (state, pair). format=csv gives all rows that fit as a file.",
	},
	"listUnusual": {
		"可能值得核对的结算，每条说明原因和金额，不作判断。与所选日期所在年份的结算比较，同类不足六笔时不比较。",
		"Bills that may be worth a look, each with why and its figures, without a judgement. They are compared with the bills of the same years; with fewer than six of the kind nothing is compared.",
	},
	"listLines":         {"一笔结算包含的药品和服务项目。", "The drugs and services of one bill."},
	"listLedger":        {"个人账户的收支明细，由新到旧。", "The entries of the personal account, newest first."},
	"listContributions": {"缴费记录，由新到旧；missing_months 和 missing_years 列出两次缴费之间缺少的月份或年份。", "What was paid in, newest first; missing_months and missing_years list what is missing between two paid ones."},
	"listClaims":        {"手工（零星）报销的进度，最近有变化的在前。", "Claims handed in by hand; those first in which something happened last."},
	"getPooled": {
		"统筹基金本年累计：各险种的支付、已用起付线等，以及剩余额度。参保地未提供的剩余额度由 quota.state 说明，不会推算。",
		"The year with the pooled fund: what it paid, the deductible used and more, by insurance, and what is left. Where the region does not tell what is left, quota.state says so; nothing is computed.",
	},
	"listInstitutions": {"定点医药机构，以及已登记的门诊慢特病。", "Designated institutions, and registered chronic or special diseases."},
	"getInsuranceCode": {"在当前平台打开该地区官方医保码的方式。医保码由平台和医保部门生成，本服务不生成、不保存。", "How this platform opens the region's official insurance code. The code is made by the platform and the authority; none is made or kept here."},
	"getShortcut":      {"将语音识别得到的文字对应到要打开的页面；没有听懂时 understood 为 false。文字不会保存。", "Finds the screen that a spoken text means; understood is false where there is none. The text is not kept."},
	"getReminder":      {"余额提醒的设置与状态。", "The reminder's setting and state."},
	"putReminder": {
		"设置余额提醒，整体替换原有设置；省略的项恢复为默认值。",
		"Sets the reminder and replaces the former setting as a whole: what is left out goes back to its default.",
	},
	"patchReminder": {
		"修改余额提醒的部分内容（JSON Merge Patch）：未提交的项不变，null 恢复为默认值。",
		"Changes parts of the reminder (a JSON merge patch): what is not sent stays, null goes back to the default.",
	},
	"deleteReminder": {"取消余额提醒，尚未发送的消息不再发送。", "Removes the reminder; messages that have not left are not sent."},
	"listDeliveries": {"该参保人的提醒消息，由新到旧。", "The person's reminder messages, newest first."},
	"listTemplates":  {"本小程序可订阅的消息模板。", "The message templates of this mini-program."},
	"reportSubscription": {
		"用户在平台的订阅弹窗中作出选择后，将结果上报。重复上报同一 report_id 不会重复计数。",
		"Reports what the user chose on the platform's sheet. The same report_id never counts twice.",
	},
}
