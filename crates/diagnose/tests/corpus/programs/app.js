// One attempt, as a Node program makes and reports it: app.js write|read|mkdir PATH, app.js bind PORT.
const fs = require('fs');
const [what, arg] = process.argv.slice(2);
if (what === 'write') fs.writeFileSync(arg, 'x');
if (what === 'read') fs.readFileSync(arg);
if (what === 'mkdir') fs.mkdirSync(arg);
if (what === 'bind') require('net').createServer().listen(Number(arg), '0.0.0.0', function () { this.close(); });
