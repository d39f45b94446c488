// The whole job of the API against the sandbox, from the types in api.ts alone, which `npm run types` makes of the document
// that the server serves. A mini-program has wx.login, wx.requestSubscribeMessage and a person with a phone; here the
// control API of the sandbox's world plays these three.
import createClient from 'openapi-fetch';
import type {components, paths} from './api.js';

type Problem = components['schemas']['Problem'];
type Attempt = components['schemas']['AttemptView'];
type Answer<T> = {data: T; error?: undefined; response: Response} | {data?: undefined; error: Problem; response: Response};

const API = process.env['API'] ?? 'http://127.0.0.1:8080';
const WORLD = process.env['WORLD'] ?? 'http://127.0.0.1:8090';
const user = `example-${Date.now()}`;
const person = {name: '测试甲十一', id_number: '190101199406021294', region: '990100'};

const api = createClient<paths>({baseUrl: API});
let token = '';
api.use({onRequest: ({request}) => request.headers.set('Authorization', `Bearer ${token}`)});

/** What the server refused: decide by `problem.code`, show `problem.message` to the person. */
class Refused extends Error {
  constructor(readonly problem: Problem) {
    super(`${problem.code}: ${problem.detail}`);
  }
}

/** Asks until there is an answer: signs in again after a 401, and waits where the server says that waiting helps. */
async function ask<T>(request: () => Promise<Answer<T>>, signedIn = true): Promise<T> {
  for (let tries = 1; ; tries++) {
    const {data, error, response} = await request();
    if (error === undefined) return data;
    if (response.status === 401 && signedIn && tries === 1) await signIn();
    else if (error.retryable && tries < 5) await seconds(Number(response.headers.get('Retry-After')));
    else throw new Refused(error);
  }
}

async function signIn() {
  const code = await world(`wechat/code?app=demo&user=${user}`);
  const session = await ask(() => api.POST('/v1/sessions', {body: {platform: 'wechat', app: 'demo', code}}), false);
  token = session.token;
  say(`signed in until ${session.expires_at}`);
}

/** Links the person: consent, SMS, code. Returns the id of /v1/insured/{id}. */
async function link(): Promise<string> {
  const {regions, consent} = await ask(() => api.GET('/v1/regions'));
  const region = regions.find(one => one.code === person.region);
  if (!region?.methods.includes('sms_on_file')) throw new Error('this region links nobody by SMS');
  say(`${region.name} (${consent.version})\n${consent.text}\n${consent.unattended_text}`); // the person agrees to each
  let attempt = await ask(() => api.POST('/v1/link-attempts', {body: {
    ...person, relation: 'self', method: 'sms_on_file', consent: {version: consent.version, unattended: region.unattended},
  }}));
  say(attempt.message);
  const path = {id: attempt.id};
  const lost = await newestCode(attempt);
  say(`another code in ${attempt.resend_in ?? 0} seconds`); // a screen would count down; ask() waits for Retry-After
  attempt = await ask(() => api.POST('/v1/link-attempts/{id}/code', {params: {path}}));
  say(`${attempt.sends_left} more codes can be sent`);
  let code = lost;
  for (; code === lost; code = await newestCode(attempt)) await seconds(0.5);
  for (const typed of [lost, code]) attempt = await prove(attempt, typed); // only the newest counts
  while (attempt.state === 'proving') {
    await seconds(attempt.poll_in ?? 1);
    attempt = await ask(() => api.GET('/v1/link-attempts/{id}', {params: {path}}));
  }
  if (attempt.insured_id === undefined) throw new Error(`not linked: ${attempt.state} ${attempt.reason ?? ''}`);
  return attempt.insured_id;
}

/** Sends a code that the person typed. A wrong one leaves the attempt as it is, and the person is told so. */
async function prove(attempt: Attempt, code: string): Promise<Attempt> {
  try {
    return await ask(() => api.POST('/v1/link-attempts/{id}/proof', {params: {path: {id: attempt.id}}, body: {code}}));
  } catch (error) {
    if (!(error instanceof Refused) || error.problem.code !== 'code_wrong') throw error;
    say(`${error.problem.message} (${error.problem.tries_left ?? 0} left)`);
    return attempt;
  }
}

const newestCode = ({id}: Attempt) => world(`sms/latest?attempt=${id}&wait=20`);

/** Shows the balance of each insurance, and the chart. */
async function look(id: string) {
  const {enrolments, meta} = await ask(() => api.GET('/v1/insured/{id}/balance', {params: {path: {id}}}));
  for (const one of enrolments) say(`${one.insurance_name} ${one.status_name}: ${one.personal_account.text}`);
  for (const {message} of meta.notices) say(message);
  const trend = await ask(() => api.GET('/v1/insured/{id}/charts/trend', {params: {path: {id}, query: {format: 'echarts'}}}));
  if (trend.format !== 'echarts') throw new Error(`a chart for ${trend.format}`);
  for (const {name, data} of trend.chart.series) { // echarts.init(canvas).setOption(trend.chart)
    say(`${name}: ${data.filter(yuan => yuan !== null).join()} on ${data.length} days`);
  }
}

/** Sets a line at ¥100, asks the person to allow one message, and reports the answer. */
async function remind(id: string) {
  const {consent} = await ask(() => api.GET('/v1/regions'));
  let rule = await ask(() => api.PUT('/v1/insured/{id}/reminder', {
    params: {path: {id}}, body: {threshold_fen: 10000, consent: {version: consent.version}},
  }));
  for (const {message} of rule.notices) say(message);
  while (rule.state === 'new') { // not looked at yet
    await seconds(1);
    rule = await ask(() => api.GET('/v1/insured/{id}/reminder', {params: {path: {id}}}));
  }
  const {templates} = await ask(() => api.GET('/v1/templates'));
  const template = templates.find(one => one.name === rule.template)?.template_id;
  if (template === undefined) throw new Error(`no template ${rule.template}`);
  await world('grant', {platform: 'wechat', app: 'demo', user, template});
  const report = {report_id: crypto.randomUUID(), results: {[template]: 'accept'}};
  const {quotas} = await ask(() => api.POST('/v1/subscriptions', {body: report}));
  say(`a message at ${rule.threshold}; allowed: ${quotas.map(one => one.free).join()}`);
}

/** Waits until the message has been sent, and shows it as the phone does. */
async function messageSeen(id: string) {
  say(await world(`inbox/latest?user=${user}&kind=wechat&wait=30`));
  for (;;) {
    const {deliveries} = await ask(() => api.GET('/v1/insured/{id}/deliveries', {params: {path: {id}}}));
    const [newest] = deliveries;
    if (newest?.state === 'accepted') return say(newest.state_text);
    await seconds(1);
  }
}

const say = (line: string) => console.log(line);
const seconds = (n: number) => new Promise(done => setTimeout(done, n * 1000));

/** Tells the world what happens to it, or asks: the answer is text. */
async function world(path: string, order?: Record<string, string>): Promise<string> {
  const answer = await fetch(`${WORLD}/control/${path}`, order ? {method: 'POST', body: JSON.stringify(order)} : {});
  if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`);
  return (await answer.text()).trim();
}

const spend = (yuan: string) => world('balance', {id_number: person.id_number, region: person.region, yuan});

await spend('500');
const id = await link();
await look(id);
await remind(id);
const {session} = await ask(() => api.GET('/v1/me'));
await ask(() => api.DELETE('/v1/sessions/{id}', {params: {path: {id: session.id}}})); // the next call signs in again
await spend('56.78');
await messageSeen(id);
await look(id);
