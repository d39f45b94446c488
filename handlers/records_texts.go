package handlers

// What each list is, for somebody who has never seen one.
var (
	aboutSettlements = text{
		"每次在医院、药店使用医保结算的记录，以及费用由谁支付：基金支付由医保基金承担，个人账户支付来自您的医保个人账户，家庭共济支付来自亲属的个人账户，" +
			"现金支付由您自付，医院负担由医院承担。起付线是总费用中须先由个人承担的部分，已包含在其他各项中。退费与原结算成对显示。未提供的金额不显示为0。异地就医的记录可能晚几天出现。",
		"Each time a hospital or pharmacy settled with the medical insurance, and who paid which part: the insurance funds, your own account, a relative's account, " +
			"you in cash, or the hospital itself. The deductible is what you bear first; it is within the other parts. A refund is shown with the bill that it " +
			"takes back. A sum that is not given is not shown as 0. Bills from elsewhere may arrive some days later.",
	}
	aboutLines = text{
		"这笔结算包含的药品和服务项目。甲类按规定报销，乙类须先自付一部分再按规定报销，丙类不在报销范围内。",
		"The drugs and services of this bill. Class A is covered by the rules, of class B you pay a share first, class C is not covered.",
	}
	aboutUnusual = text{
		"以下结算可能值得核对，仅依据您自己的记录列出，不表示存在问题。每条均说明原因和金额。同类结算少于六笔时，不与以往比较。",
		"Bills that may be worth a look, by your own records alone. It does not mean that anything is wrong; each says why, with its figures. " +
			"Nothing is compared with fewer than six earlier bills of the kind.",
	}
	aboutLedger = text{
		"个人账户的收支明细：正数为划入，负数为支出。年度结转只是将余额转到下一年，不是收入也不是支出。",
		"What went into the personal account and out of it: positive in, negative out. Carrying over at the year's end moves the balance to the next year; it is neither income nor spending.",
	}
	aboutContributions = text{
		"医保缴费记录。职工医保按月缴费，由单位和个人共同承担；两次缴费之间缺少的月份会列出，中断缴费可能影响待遇。居民医保按年缴费，由个人缴费和财政补助组成。地区未提供的金额不显示为0。",
		"What was paid for the insurance. Employees' insurance is paid by the month, by employer and employee; months missing between two paid ones are listed, since a gap may " +
			"affect benefits. Residents' insurance is paid by the year, by the person and from public funds. A sum that the region does not give is not shown as 0.",
	}
	aboutClaims = text{
		"未能直接结算、需手工提交票据申请报销（零星报销）的进度。每条显示当前步骤、已停留的天数和接下来的安排。",
		"Claims for bills that could not be settled on the spot and were handed in by hand. Each says its present step, the days in it, and what comes next.",
	}
	aboutPooled = text{
		"统筹基金是参保人共同的医保基金，由它支付的费用不从您的个人账户扣除。以下为本年度累计：起付线是须先由个人承担的部分，达到后统筹基金才开始支付。剩余额度仅在参保地提供时显示。",
		"The pooled fund belongs to all insured persons together; what it pays is not taken from your own account. These are the figures of the year. " +
			"The deductible is what you bear before the fund begins to pay. What is left of a limit is shown only where the region tells it.",
	}
	aboutInstitutions = text{
		"您选定或登记的定点医药机构，以及已登记的门诊慢特病。在定点机构就医、购药才能按规定报销。",
		"The institutions that you chose or were registered with, and chronic or special diseases on file. Care is covered by the rules at these institutions.",
	}

	titleAsOf = text{"数据时间", "As of"}

	textQuotaTold    = text{"以下为参保地提供的剩余额度", "What is left, as the region tells it"}
	textQuotaNotTold = text{"参保地未提供剩余额度", "The region does not tell what is left"}
	textQuotaFailed  = text{"暂时无法获取剩余额度，请稍后再查看", "What is left cannot be had at the moment. Please look again later."}
)
