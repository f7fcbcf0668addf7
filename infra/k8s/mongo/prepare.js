// Brings this member into its set, and the set's users to what the secret says. Done again it changes nothing.
// prepare.sh gives SERVICE, MEMBERS and ME, this member's whole name; passwords are only ever read from the secret.
/* global connect, print, quit, sleep */
// mongosh waits for what a call brings, but not in a `return`: hence the names inside of `try`.
const { existsSync, readFileSync } = require("fs");

const SET = "rs0";
const HERE = "127.0.0.1:27017";
const WITHIN = 120_000;
// How soon the others choose another primary, and how they find out.
const SETTINGS = { electionTimeoutMillis: 4000, heartbeatIntervalMillis: 1000 };
const AUTHENTICATION_FAILED = 18;
const { ME, SERVICE } = process.env;
const NUMBER = Number(/-(\d+)\./.exec(ME)[1]);
const NAMES = [...Array(Number(process.env.MEMBERS)).keys()].map((n) => `${ME.replace(/-\d+\./, `-${n}.`)}:27017`);

function secret(key) {
  const path = `/secret/${key}`;
  return existsSync(path) ? readFileSync(path, "utf8").trim() : "";
}

function open(host, user = "", password = "", database = "admin") {
  const who = user && `${encodeURIComponent(user)}:${encodeURIComponent(password)}@`;
  const options = "directConnection=true&serverSelectionTimeoutMS=3000&connectTimeoutMS=3000&socketTimeoutMS=30000";
  return connect(`mongodb://${who}${host}/${database}?${options}`);
}

function close(db) {
  db.getMongo().close();
}

function ask(host, command) {
  const db = open(host);
  try {
    const answer = db.runCommand(command);
    return answer;
  } finally {
    close(db);
  }
}

// null: that is not the password, or there is no such user.
function login(host, user, password, database = "admin") {
  try {
    const db = open(host, user, password, database);
    return db;
  } catch (error) {
    if (error.code === AUTHENTICATION_FAILED) return null;
    throw error;
  }
}

// Returns what it waits for, or nothing when all is done.
function prepare() {
  const hello = ask(HERE, { hello: 1 });
  if (!hello.setName) return join();
  if (!hello.isWritablePrimary && !hello.secondary) return "this member is neither primary nor secondary yet";
  if (!hello.primary) return `no primary among ${hello.hosts.join(", ")}`;
  return makeUsers(hello.isWritablePrimary ? HERE : hello.primary);
}

// This member has no set. Where its fellows have one, it belongs to that and to no other.
function join() {
  for (const name of NAMES) {
    if (name === NAMES[NUMBER]) continue;
    let hello;
    try {
      hello = ask(name, { hello: 1 });
    } catch {
      continue;
    }
    if (hello.isWritablePrimary) return joinTo(name);
  }
  // mongod itself asks every member first, and refuses if one does not answer or has ever been in a set.
  if (NUMBER === 0) initiate();
  return "this member is in no set yet";
}

function initiate() {
  const members = NAMES.map((host, _id) => ({ _id, host }));
  ask(HERE, { replSetInitiate: { _id: SET, version: 1, members, settings: SETTINGS } });
  print(`Made a set of ${NAMES.length}.`);
}

function joinTo(primary) {
  const admin = asAdmin(primary);
  if (!admin) return `the admin cannot log in at ${primary}`;
  try {
    const { config } = admin.runCommand({ replSetGetConfig: 1 });
    if (!config.members.some((one) => one.host === NAMES[NUMBER])) {
      const _id = Math.max(...config.members.map((one) => one._id)) + 1;
      const members = [...config.members, { _id, host: NAMES[NUMBER] }];
      admin.runCommand({ replSetReconfig: { ...config, members, version: config.version + 1 } });
      print(`Joined the set of ${primary}.`);
    }
  } finally {
    close(admin);
  }
  return "the set has not taken this member in yet";
}

function asAdmin(host) {
  const previous = secret("admin-password-previous");
  return login(host, "admin", secret("admin-password")) || (previous && login(host, "admin", previous)) || null;
}

function makeUsers(primary) {
  let admin = asAdmin(primary);
  if (!admin && primary !== HERE) return "the admin cannot log in yet";
  if (!admin) admin = makeAdmin();
  try {
    setPassword(primary, admin, "admin", secret("admin-password"), "root");
    setPassword(primary, admin.getSiblingDB(SERVICE), SERVICE, secret("password"), "readWrite");
  } finally {
    close(admin);
  }
  return "";
}

// As long as there is no user at all, mongod lets whoever comes from the same pod make the first.
function makeAdmin() {
  const pwd = secret("admin-password");
  try {
    ask(HERE, { createUser: "admin", pwd, roles: ["root"] });
  } catch (error) {
    throw new Error(`neither admin-password nor admin-password-previous is the admin's (${error.codeName})`);
  }
  print("Made the user admin.");
  return open(HERE, "admin", pwd);
}

function setPassword(primary, db, user, pwd, role) {
  const present = login(primary, user, pwd, db.getName());
  if (present) return close(present);
  const known = db.runCommand({ usersInfo: user }).users.length > 0;
  const roles = [{ role, db: db.getName() }];
  db.runCommand(known ? { updateUser: user, pwd, roles } : { createUser: user, pwd, roles });
  print(known ? `Set the password of ${user}.` : `Made the user ${user}.`);
}

function run() {
  const until = Date.now() + WITHIN;
  let said = "";
  while (Date.now() < until) {
    let waits;
    try {
      waits = prepare();
    } catch (error) {
      waits = error.message;
    }
    if (!waits) return true;
    if (waits !== said) print(`Waiting: ${waits}.`);
    said = waits;
    sleep(1000);
  }
  return false;
}

if (run()) {
  print(`${ME} is prepared.`);
} else {
  print(`${ME} could not be prepared within ${WITHIN / 1000} s.`);
  quit(1);
}
