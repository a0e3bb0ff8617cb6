// The real binary on a folder of its own, with people who may log in, and devices that say what the tests need: no more, and always the same.

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';

const PATIENCE = 60_000;
export const PASSWORD = 'for-tests-only';
// Who may everything, who may read, and who speaks by MQTT.
const USERS = { anna: ['admin', 'approver', 'operator'], rita: ['reader'], z2m: ['zigbee2mqtt'], ha: ['home_assistant'], hall_sensor: ['device'], thermometer: ['device'],
  old_script: ['device'] };

/** Where it is three at night now: what happens in a test happened last night, and a door does not open then for everybody. */
export function nightZone(now = new Date()) {
  const ahead = ((3 - now.getUTCHours() + 12 + 24) % 24) - 12;
  return ahead === 0 ? 'Etc/GMT' : `Etc/GMT${ahead > 0 ? '-' : '+'}${Math.abs(ahead)}`;
}

const config = (folder, zone) => `
timezone = "${zone}"
[broker]
guard = "enforce"
[http]
# How fast may be asked, and what wrong keys cost, have tests of their own (tests/http_security.rs).
requests_per_second = 0
[limits]
failed_logins = 1000
[[phoenix.repository]]
name = "usb"
path = "${folder}/usb"
key_file = "${folder}/phoenix.key"
schedule = ""
`;

export class House {
  constructor() {
    this.zone = nightZone();
    this.folder = mkdtempSync(path.join(tmpdir(), 'jamey-'));
    this.said = [];
    this.ports = { mqtt: '127.0.0.1:0', http: '127.0.0.1:0' };
    this.clients = new Set();
    writeFileSync(path.join(this.folder, 'jamey.toml'), config(this.folder, this.zone));
  }

  /** What `jamey …` answers on this house. */
  command(words, said) {
    return execFileSync(process.env.JAMEY_BIN, [...words, '--config', 'jamey.toml', '--data', 'data'], { cwd: this.folder, env: environment(), input: said, timeout: PATIENCE, encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'] });
  }

  /** `people: false`: nobody is known, and who is at this host reads without a login. */
  async open({ people = true } = {}) {
    this.people = people;
    this.command(['phoenix', 'init', '--repository', 'usb', '--new-key-file', 'phoenix.key']);
    for (const [name, roles] of people ? Object.entries(USERS) : []) this.command(['user', 'add', name, ...roles.flatMap((role) => ['--role', role])], `${PASSWORD}\n`);
    if (people) this.token = JSON.parse(this.command(['token', 'create', '--user', 'anna', '--json'])).token;
    await this.run();
    return this;
  }

  /** Starts it, the second time at the addresses of the first. */
  async run() {
    const words = ['run', '--config', 'jamey.toml', '--data', 'data', '--mqtt', this.ports.mqtt, '--http', this.ports.http];
    this.process = spawn(process.env.JAMEY_BIN, words, { cwd: this.folder, env: environment(), stdio: ['ignore', 'pipe', 'pipe'] });
    createInterface({ input: this.process.stderr }).on('line', (line) => this.said.push(line));
    const ready = new Promise((done, fail) => {
      createInterface({ input: this.process.stdout }).on('line', (line) => {
        this.said.push(line);
        const found = /^ready mqtt=(\S+) http=(\S+)/.exec(line);
        if (found) done(found);
      });
      this.process.once('exit', () => fail(new Error(`Jamey does not start: ${this.tail()}`)));
    });
    const [, mqtt, http] = await ready;
    this.ports = { mqtt, http };
    this.url = `http://${http}`;
  }

  tail() {
    return this.said.slice(-30).join('\n');
  }

  async kill() {
    const over = once(this.process, 'exit');
    this.process.kill('SIGKILL');
    await over;
  }

  /** Each line that is given to it is said by this client, and acknowledged: `say(line)`, `done()`. */
  client(user, topic, { id = user, retain = false } = {}) {
    const child = spawn('mosquitto_pub', [...this.address(user, id), '-t', topic, ...(retain ? ['-r'] : []), '-l'], { stdio: ['pipe', 'ignore', 'pipe'] });
    child.stderr.on('data', (text) => this.said.push(`mosquitto_pub: ${text}`));
    // What is said while Jamey is gone is nobody's.
    child.stdin.on('error', () => {});
    this.clients.add(child);
    const over = once(child, 'exit').then(([code]) => {
      this.clients.delete(child);
      return code;
    });
    return { say: (line) => child.stdin.write(`${line}\n`), done: () => (child.stdin.end(), over), end: () => (child.kill(), over) };
  }

  /** Said once, and acknowledged: it is judged and on disk. */
  async publish(user, topic, ...lines) {
    const said = this.client(user, topic, { retain: topic.startsWith('homeassistant/') });
    lines.forEach((line) => said.say(typeof line === 'string' ? line : JSON.stringify(line)));
    const code = await said.done();
    if (code) throw new Error(`${user} could not say anything on ${topic}: ${this.tail()}`);
  }

  address(user, id) {
    const [host, port] = this.ports.mqtt.split(':');
    return ['-h', host, '-p', port, ...(this.people ? ['-u', user, '-P', PASSWORD] : []), '-i', id, '-q', '1', '-V', 'mqttv5'];
  }

  async get(where) {
    const answer = await fetch(this.url + where, { headers: this.token ? { authorization: `Bearer ${this.token}` } : {} });
    if (!answer.ok) throw new Error(`${where}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }

  /** What has to be so soon. */
  async until(what, condition) {
    for (const deadline = Date.now() + PATIENCE; ; await new Promise((next) => setTimeout(next, 50))) {
      const found = await condition();
      if (found) return found;
      if (Date.now() > deadline) throw new Error(`still not: ${what}; ${this.tail()}`);
    }
  }

  async close() {
    for (const child of this.clients) child.kill();
    if (this.process && this.process.exitCode === null && this.process.signalCode === null) {
      const over = once(this.process, 'exit');
      this.process.kill('SIGTERM');
      await over;
    }
    rmSync(this.folder, { recursive: true, force: true });
    const panics = this.said.filter((line) => line.includes('panicked'));
    if (panics.length) throw new Error(panics.join('\n'));
    if (this.token && this.said.some((line) => line.includes(this.token))) throw new Error('the log holds a token');
  }
}

/** Without what would lay itself over the house's config. */
const environment = () => Object.fromEntries(Object.entries(process.env).filter(([key]) => !key.startsWith('JAMEY__')));

const announced = (device, own) => ({ name: null, object_id: device, unique_id: `${device}_tests`, state_topic: `zigbee2mqtt/${device}`,
  device: { identifiers: [`zigbee2mqtt_${device}`], name: device.replace('_', ' '), manufacturer: 'Tests', suggested_area: 'Hall' }, origin: { name: 'Zigbee2MQTT', sw_version: '2' }, ...own });

/** A lamp, a lock and a valve announce themselves. */
export async function announce(house) {
  const set = (device) => `zigbee2mqtt/${device}/set`;
  await house.publish('z2m', 'homeassistant/light/hall_lamp/light/config', announced('hall_lamp', { schema: 'json', brightness: true, command_topic: set('hall_lamp') }));
  await house.publish('z2m', 'homeassistant/lock/front_door/lock/config', announced('front_door', { command_topic: set('front_door'), payload_lock: 'LOCK', payload_unlock: 'UNLOCK',
    state_locked: 'LOCK', state_unlocked: 'UNLOCK', value_template: '{{ value_json.state }}' }));
  await house.publish('z2m', 'homeassistant/switch/water_valve/switch/config', announced('water_valve', { command_topic: set('water_valve'), payload_on: 'ON', payload_off: 'OFF' }));
}

/** What happened last night: readings, a lamp, a door that stayed shut, and two requests that wait for a person. */
export async function lastNight(house) {
  await announce(house);
  await house.publish('thermometer', 'jamey/in/thermometer/temperature', '21.4', '21.5', '21.5');
  await house.publish('hall_sensor', 'jamey/in/hall_sensor/motion', 'true', 'false');
  await house.publish('ha', 'zigbee2mqtt/hall_lamp/set', { state: 'ON' }, { state: 'ON', brightness: 80 });
  await house.publish('z2m', 'zigbee2mqtt/hall_lamp', { state: 'ON', brightness: 80 });
  await house.publish('old_script', 'jamey/act/front_door/unlock', {});
  await house.publish('hall_sensor', 'jamey/act/front_door/unlock', {});
  await held(house, 'hall_sensor', 'thermometer');
}

/** Firmware that somebody who is not trusted wants in the lamp waits for a person. */
export async function held(house, ...who) {
  for (const one of who) await house.publish(one, 'jamey/act/hall_lamp/update', { url: 'http://firmware.example/lamp' });
}

/** So many commands a minute a lamp may have before a rule thinks that something is broken. */
const EACH = 850;

/** Many decisions, on as many lamps as that takes. */
export async function busyPast(house, rows) {
  for (let n = 0; n * EACH < rows; n += 1) {
    const set = `zigbee2mqtt/lamp_${n}/set`;
    await house.publish('z2m', `homeassistant/light/lamp_${n}/light/config`, announced(`lamp_${n}`, { schema: 'json', brightness: true, command_topic: set }));
    await house.publish('ha', set, ...Array.from({ length: EACH }, (_, brightness) => ({ state: 'ON', brightness: brightness % 254 })));
  }
}
