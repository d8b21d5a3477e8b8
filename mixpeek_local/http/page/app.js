// The page of the local Mixpeek: it uses the public API, the key of the server, and /activity.

const POLL_MS = 700;
const FOUND = 12;
const DROPPED = "page"; // the collection of dropped videos
const ended = new Set(["DONE", "FAILED", "SKIPPED", "CANCELLED"]);
const at = (id) => document.getElementById(id);
const copy = (id) => at(id).content.firstElementChild.cloneNode(true);

let key = new URLSearchParams(location.hash.slice(1)).get("key") ?? sessionStorage.getItem("key");
let names = new Map(); // asset id -> file name
let landings = new Map(); // asset id -> the command that lands it
let shownAsset = null;
let shownSearch = null;
let played = null;

class Refused extends Error {}

async function ask(method, path, { body, raw } = {}) {
  const headers = { Authorization: `Bearer ${key}` };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const reply = await fetch(path, { method, headers, body: raw ?? (body && JSON.stringify(body)) });
  if (reply.ok) return reply;
  const said = await reply.json().catch(() => ({}));
  const why = said.error?.message ?? said.message ?? said.detail?.map((one) => one.msg).join("; ");
  if (reply.status === 401) throw new Refused(why);
  throw new Error(why ?? `the server answered ${reply.status}`);
}

const read = async (method, path, options) => (await ask(method, path, options)).json();

function showing(problemPlace, work) {
  return async (...given) => {
    at(problemPlace).textContent = "";
    try {
      await work(...given);
    } catch (failure) {
      if (failure instanceof Refused) return lock("This is not the key of this server.");
      at(problemPlace).textContent = failure.message;
    }
  };
}

// The key

function lock(problem = "") {
  key = null;
  sessionStorage.removeItem("key");
  at("key-form").hidden = false;
  document.querySelector("main").hidden = true;
  at("key-problem").textContent = problem;
}

async function open() {
  history.replaceState(null, "", location.pathname); // the key must not stay in the address
  await watch();
  if (key === null) return;
  sessionStorage.setItem("key", key);
  at("key-form").hidden = true;
  document.querySelector("main").hidden = false;
  const health = await (await fetch("/health")).json();
  at("missing").textContent = (health.missing ?? []).join(" ");
}

at("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  key = at("key").value.trim();
  open();
});

// Tasks

let isBusy = false;

async function watch() {
  if (isBusy || key === null || document.hidden) return;
  isBusy = true;
  try {
    drawTasks((await read("GET", "/activity")).tasks);
  } catch (failure) {
    if (failure instanceof Refused) lock("This is not the key of this server.");
    else at("upload-problem").textContent = "The server does not answer.";
  } finally {
    isBusy = false;
  }
}

function drawTasks(tasks) {
  names = new Map(tasks.map((task) => [task.asset_id, task.name]));
  landings = new Map(tasks.map((task) => [task.asset_id, task.collection_id === DROPPED && task.landing]));
  const list = at("tasks");
  const drawn = new Map([...list.children].map((item) => [item.dataset.task, item]));
  tasks.forEach((task, place) => {
    const item = drawn.get(task.task_id) ?? copy("task");
    drawn.delete(task.task_id);
    item.dataset.task = task.task_id;
    item.classList.toggle("open", task.asset_id === shownAsset);
    const name = item.querySelector(".name");
    name.textContent = task.name;
    name.title = task.collection_id;
    name.disabled = task.status !== "DONE";
    name.onclick = () => showAsset(task.asset_id);
    item.querySelector(".status").textContent = task.status.toLowerCase();
    const bar = item.querySelector("progress");
    bar.hidden = ended.has(task.status);
    if (task.progress > 0) bar.value = task.progress;
    else bar.removeAttribute("value");
    item.querySelector(".problem").textContent = task.error ?? "";
    const cancel = item.querySelector(".cancel");
    cancel.hidden = ended.has(task.status);
    cancel.onclick = showing("upload-problem", () => read("DELETE", `/tasks/${task.task_id}`));
    if (list.children[place] !== item) list.insertBefore(item, list.children[place] ?? null);
  });
  for (const item of drawn.values()) item.remove();
}

const send = showing("upload-problem", async (files) => {
  for (const file of files) {
    const { url } = await read("POST", `/uploads?name=${encodeURIComponent(file.name)}`, { raw: file });
    const { task_id } = await read("POST", "/ingest/videos/url", { body: { url, collection: DROPPED } });
    await watch();
    showWhenDone(task_id);
  }
});

async function showWhenDone(taskId) {
  for (;;) {
    const task = await read("GET", `/tasks/${taskId}`);
    if (task.status === "DONE") return showAsset(task.asset_id);
    if (ended.has(task.status) || key === null) return;
    await new Promise((resume) => setTimeout(resume, POLL_MS));
  }
}

const drop = at("drop");
at("file").addEventListener("change", (event) => {
  send([...event.target.files]);
  event.target.value = "";
});
drop.addEventListener("keydown", (event) => {
  if (event.key === "Enter" || event.key === " ") at("file").click();
});
for (const kind of ["dragenter", "dragover", "dragleave", "drop"]) {
  addEventListener(kind, (event) => {
    event.preventDefault(); // a video dropped beside the place must not replace the page
    drop.classList.toggle("over", kind === "dragenter" || kind === "dragover");
    if (kind === "drop" && event.dataTransfer.files.length) send([...event.dataTransfer.files]);
  });
}

// Moments

const showAsset = showing("found-problem", async (assetId) => {
  shownAsset = assetId;
  const { asset, features } = await read("GET", `/assets/${assetId}/features`);
  if (shownAsset !== assetId) return;
  const pictures = features.video.length ? features.video : features.audio;
  title(names.get(assetId) ?? "Video", about(asset, features), landings.get(assetId));
  draw(pictures);
  watch();
});

function about(asset, features) {
  const counts = Object.entries(features).filter(([, several]) => several.length);
  const facts = [`${asset.file_data.duration} s`, ...counts.map(([kind, several]) => `${several.length} ${kind}`)];
  if (asset.file_data.width) facts.splice(1, 0, `${asset.file_data.width} × ${asset.file_data.height}`);
  return `${facts.join(" · ")} features`;
}

async function search(queries, heading) {
  const searched = (shownSearch = {});
  shownAsset = null;
  const collections = (await read("GET", "/activity")).collections;
  const path = `/features/search?page_size=${2 * FOUND}`;
  const { results, score_floors: floors } = await read("POST", path, { body: { collections, queries } });
  if (shownSearch !== searched) return;
  const isNear = ({ modality, score }) => !(score < floors?.[modality]);
  const shown = withoutTwins(results).slice(0, FOUND);
  const near = shown.filter(isNear);
  const far = shown.filter((feature) => !isNear(feature));
  title(heading, shown.length ? "" : "Nothing was found.");
  draw(near);
  if (!far.length) return;
  const line = document.createElement("h3");
  line.textContent = `Nothing ${near.length ? "else is" : "is"} like it. The nearest:`;
  at("moments").append(line, ...far.map(card));
}

// A segment of one look has the vector of that look: both are the same hit.
function withoutTwins(features) {
  const hits = features.map(({ feature_id, modality, asset_id, score }) =>
    modality === "video" || modality === "image" ? `${asset_id} ${score}` : feature_id);
  return features.filter((_, place) => hits.indexOf(hits[place]) === place);
}

at("search").addEventListener("submit", (event) => {
  event.preventDefault();
  const value = at("words").value;
  showing("found-problem", () =>
    search([{ vector_index: "multimodal", value, type: "text" }], `“${value}”`))();
});

const nearest = showing("found-problem", (feature) => {
  const index = feature.modality === "audio" ? "audio" : feature.modality === "text" ? "text" : "image";
  return search([{ vector_index: index, value: feature.feature_id, type: "feature" }], `Like ${clock(feature.start_time)}`);
});

function title(heading, line, landing) {
  at("found-title").textContent = heading;
  at("about").textContent = line;
  at("landing").hidden = !landing;
  at("landing").querySelector("code").textContent = landing ?? "";
  at("landing").querySelector("button").textContent = "Copy";
}

at("landing").querySelector("button").addEventListener("click", async (event) => {
  const button = event.target;
  const command = at("landing").querySelector("code");
  try {
    await navigator.clipboard.writeText(command.textContent);
    button.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(command); // the browser lets no page copy: Ctrl-C does
  }
});

function draw(features) {
  at("moments").replaceChildren(...features.map(card));
}

function card(feature) {
  const moment = copy("moment");
  const place = (name) => moment.querySelector(name);
  const score = feature.score === undefined || feature.score === null ? [] : [feature.score.toFixed(2)];
  place("time").textContent = clock(feature.start_time);
  place(".source").textContent = [names.get(feature.asset_id), kind(feature), ...score].filter(Boolean).join(" · ");
  place(".description").textContent = words(feature);
  place(".labels").replaceChildren(...classes(feature).map(({ label, score: sure }) => {
    const chip = document.createElement("span");
    chip.textContent = `${label} ${Math.round(sure * 100)} %`;
    return chip;
  }));
  place(".nearest").onclick = () => nearest(feature);
  if (feature.preview_url) place("img").src = feature.preview_url;
  place(".picture").ariaLabel = `Play ${playedFrom(feature)}`;
  place(".picture").onclick = () => play(feature);
  return moment;
}

// The player

const player = at("player");
const video = player.querySelector("video");
const trouble = player.querySelector(".problem");

async function play(feature) {
  played = feature;
  at("player-title").textContent = playedFrom(feature);
  trouble.textContent = "";
  video.hidden = false;
  player.showModal();
  try {
    const { url, source, file_data } = await read("POST", "/media-links", { body: { asset_id: feature.asset_id } });
    if (played !== feature) return;
    video.onerror = () => cannotPlay(file_data, source);
    video.onloadedmetadata = () => {
      if (file_data.width && !video.videoWidth) return cannotPlay(file_data, source); // sound without its picture
      video.classList.toggle("sound", !video.videoWidth);
      video.currentTime = feature.start_time;
    };
    video.src = url;
  } catch (failure) {
    if (played !== feature) return;
    if (!(failure instanceof Refused)) return stop(failure.message);
    player.close();
    lock("This is not the key of this server.");
  }
}

function cannotPlay({ codec, audio_codec, container }, source) {
  const format = `${codec ?? audio_codec} in ${container}`;
  stop(`This browser cannot play this video (${format}). Open it in another player${source ? `: ${source}` : "."}`);
}

function stop(why) {
  video.onerror = video.onloadedmetadata = null;
  video.removeAttribute("src");
  video.load(); // else the browser goes on reading
  video.hidden = true;
  trouble.textContent = why;
}

player.addEventListener("close", () => {
  played = null;
  stop("");
});
player.addEventListener("click", (event) => {
  if (event.target === player || event.target.closest("button")) player.close(); // the dialog itself is its backdrop
});

function playedFrom(feature) {
  return `${names.get(feature.asset_id) ?? "the video"} from ${clock(feature.start_time)}`;
}

function kind(feature) {
  if (feature.source === "screen") return "on the screen";
  if (feature.source) return feature.unsure ? "perhaps said" : "said";
  return feature.modality;
}

function words(feature) {
  if (feature.modality === "text") return `“${feature.text}”`;
  return feature.description ?? feature.transcription ?? "";
}

function classes({ modality, labels = [], sounds = [], score }) {
  const isHit = score !== undefined; // of what was compared, not of all there is
  const likely = modality === "audio" ? sounds : isHit ? labels : [...labels, ...sounds];
  return likely.filter(({ label }) => label !== "Silence").slice(0, 5);
}

function clock(seconds) {
  const whole = Math.floor(seconds);
  const parts = [Math.floor(whole / 60) % 60, whole % 60].map((part) => String(part).padStart(2, "0"));
  return whole >= 3600 ? `${Math.floor(whole / 3600)}:${parts.join(":")}` : parts.join(":");
}

if (key) open();
else lock();
setInterval(watch, POLL_MS);
