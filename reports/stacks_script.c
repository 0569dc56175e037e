/* SPDX-License-Identifier: MIT */
/* stacks_script: the style of flame graphs, and the script that zooms and searches. */
#include "reports/stacks_script.h"

/* The frames are light enough for black text on a white page and on a dark one. */
const char stacks_svg_style[] =
	"<style>text{font:12px ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace;fill:#111}"
	"text.s{font:12px system-ui,'DejaVu Sans',sans-serif;fill:#444}"
	"text.h{font:600 16px system-ui,'DejaVu Sans',sans-serif;fill:#111}.p{fill:#fff}"
	".f text{pointer-events:none}.f{cursor:pointer}.f rect{stroke:#fff;stroke-width:.5}"
	".f:hover rect{stroke:#111;stroke-width:1.5}.f.m rect{fill:#c22}.f.m text{fill:#fff}"
	"text.b{cursor:pointer;display:none;fill:#06c}"
	"@media (prefers-color-scheme:dark){svg:root{background:#17191c}.p{fill:#17191c}text.s{fill:#b8bcc2}text.h{fill:#eee}"
	".f rect{stroke:#17191c}.f:hover rect{stroke:#fff}text.b{fill:#6bf}}</style>\n";

/*
 * Zoom and search. Reads only what the drawing itself says: the first text of each title is the name, up to the
 * module in brackets; a name that has such brackets of its own is there once more.
 * A frame belongs to the zoomed one when it lies within its width, and above it. The share that a search
 * finds counts what is below several found frames once.
 */
const char stacks_svg_script[] =
	"<script><![CDATA[\n"
	"(function(){var d=document,F=[].slice.call(d.querySelectorAll('.f')),W=1176,M=12,C=7.25,\n"
	"b=d.getElementById('all'),s=d.getElementById('find'),a=d.getElementById('at');\n"
	"F.forEach(function(g){var r=g.querySelector('rect');g.X=+r.getAttribute('x');"
	"g.W=+r.getAttribute('width');g.Y=+r.getAttribute('y');"
	"g.T=g.querySelector('title').textContent;"
	"g.N=g.getAttribute('data-name')||g.T.split(/\\n| \\(/)[0];"
	"g.L=g.getAttribute('data-label')||g.N});\n"
	"function show(t){var x=t?t.X:M,w=t?t.W:W;F.forEach(function(g){"
	"var up=t&&g.Y>t.Y&&g.X<=x+.01&&g.X+g.W>=x+w-.01,"
	"on=!t||up||(g.Y<=t.Y&&g.X>=x-.01&&g.X+g.W<=x+w+.01);"
	"g.style.display=on?'':'none';if(!on)return;var r=g.querySelector('rect'),"
	"e=g.querySelector('text'),X=up?M:M+(g.X-x)*W/w,V=up?W:g.W*W/w,n=Math.floor((V-6)/C);"
	"r.setAttribute('x',X);r.setAttribute('width',V);r.style.opacity=up?.5:1;"
	"e.setAttribute('x',X+3);"
	"var l=g.L.length>n?g.L.replace(/^.+(\\+0x[0-9a-f]+)$/,'$1'):g.L;"
	"e.textContent=n<3?'':l.length>n?l.slice(0,n-1)+'\\u2026':l});"
	"b.style.display=t&&t!==F[F.length-1]?'inline':'none'}\n"
	"function find(q){var hit=[],end=0,sum=0;F.forEach(function(g){"
	"var m=!!q&&g.N.indexOf(q)>=0;g.classList.toggle('m',m);if(m)hit.push(g)});\n"
	"hit.sort(function(g,h){return g.X-h.X}).forEach(function(g){"
	"sum+=Math.max(0,g.X+g.W-Math.max(end,g.X));end=Math.max(end,g.X+g.W)});\n"
	"s.textContent=q?'search: '+(100*sum/W).toFixed(1)+' % in '+hit.length+' frames with \"'+q+"
	"'\"':'search'}\n"
	"s.style.display='inline';\n"
	"F.forEach(function(g){g.addEventListener('click',function(){show(g)});\n"
	"g.addEventListener('mouseover',function(){a.textContent=g.T.split('\\n').join(' \\u00b7 ')});"
	"g.addEventListener('mouseout',function(){a.textContent=' '})});\n"
	"b.addEventListener('click',function(){show(null)});\n"
	"s.addEventListener('click',function(){"
	"find(prompt('Mark functions whose name contains (nothing: none):'))});\n"
	"d.addEventListener('keydown',function(e){if(e.key==='Escape')show(null)});\n"
	"})();\n]]></script>\n";
