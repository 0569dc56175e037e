/* SPDX-License-Identifier: MIT */
/*
 * html_script: sorting and filtering for those whose browser runs scripts. Well-formed inside XML too: no opening
 * angle bracket, no ampersand. It only moves and hides rows that are there, and makes no markup out of texts.
 */
#include <nettle/base64.h>
#include <nettle/sha2.h>
#include <string.h>

#include "reports/html.h"

const char assay_html_script[] =
	"(function(){'use strict';\n"
	"var d=document,all=function(s,e){return Array.from((e||d).querySelectorAll(s))};\n"
	/* A cell's figure in base units, else what it starts with, else its words. */
	"function value(c){if(!c)return '';var v=c.getAttribute('data-v');"
	"if(v===null)v=c.textContent.trim();var n=parseFloat(v);return isNaN(n)?v:n}\n"
	"function order(x,y){if(typeof x!==typeof y)return typeof x==='number'?-1:1;"
	"return x===y?0:x>y?1:-1}\n"
	"function sort(table,i,up){var body=table.tBodies[0];"
	"Array.from(body.rows).map(function(r){return[value(r.cells[i]),r]})"
	".sort(function(a,b){return up?order(a[0],b[0]):order(b[0],a[0])})"
	".forEach(function(p){body.append(p[1])});table.classList.add('sorted')}\n"
	"all('.scroll table').forEach(function(table){"
	"if(!table.tHead||!table.tBodies.length||3>table.tBodies[0].rows.length)return;"
	"var heads=Array.from(table.tHead.rows[0].cells);"
	"heads.forEach(function(th,i){if(!th.textContent.trim())return;"
	"var b=d.createElement('button');b.type='button';"
	"while(th.firstChild)b.append(th.firstChild);th.append(b);"
	"b.addEventListener('click',function(){"
	"var up=th.getAttribute('aria-sort')!=='ascending';"
	"heads.forEach(function(o){o.removeAttribute('aria-sort')});"
	"th.setAttribute('aria-sort',up?'ascending':'descending');sort(table,i,up)})})});\n"
	/* The filter: words that a row or its benchmark must have, and a status. */
	"var rows=all('tr[data-s]'),bar=d.getElementById('tools');"
	"if(!rows.length||!bar)return;\n"
	"var items=rows.map(function(r){var b=r.closest('.bench,.suite'),h=b?b.getAttribute('data-n')"
	"||'':'';return{row:r,status:r.getAttribute('data-s'),"
	"text:(h+' '+r.textContent).toLowerCase()}});\n"
	"var words=d.createElement('input'),"
	"status=d.createElement('select'),count=d.createElement('output');"
	"bar.className='filter';bar.setAttribute('role','search');words.type='search';"
	"words.placeholder='words of a name or remark';"
	"function labelled(text,e){var l=d.createElement('label');l.append(text+' ',e);bar.append(l)}\n"
	"var seen=['every status'];items.forEach(function(t){"
	"if(seen.indexOf(t.status)===-1)seen.push(t.status)});"
	"seen.forEach(function(s,i){var o=d.createElement('option');o.textContent=s;"
	"o.value=i?s:'';status.append(o)});\n"
	"labelled('Filter',words);labelled('Status',status);bar.append(count);"
	"count.setAttribute('aria-live','polite');\n"
	"var opened=[];\n"
	"function apply(){var w=words.value.toLowerCase().split(/\\s+/).filter(Boolean),"
	"s=status.value,active=w.length>0||s!=='',n=0;"
	"opened.forEach(function(e){e.open=false});opened=[];"
	"items.forEach(function(t){var hit=(!s||t.status===s)?w.every(function(x){"
	"return t.text.indexOf(x)!==-1}):false;t.row.hidden=!hit;if(hit)n+=1;"
	"if(hit?active:false){for(var e=t.row.closest('details');e;e=e.parentNode.closest('details'))"
	"if(!e.open){e.open=true;opened.push(e)}}});"
	"all('.bench,details.problems,.changes').forEach(function(b){"
	"var mine=all('tr[data-s]',b);"
	"b.hidden=active?mine.length>0?mine.every(function(r){return r.hidden}):false:false});"
	"count.textContent=active?n+' of '+items.length+' rows; the others are hidden':"
	"items.length+(items.length===1?' row':' rows')}\n"
	"words.addEventListener('input',apply);status.addEventListener('change',apply);"
	"apply()})();\n";

void assay_html_script_policy(struct assay_str *to)
{
	struct sha256_ctx hash;
	uint8_t digest[SHA256_DIGEST_SIZE];
	char text[BASE64_ENCODE_RAW_LENGTH(SHA256_DIGEST_SIZE)];
	sha256_init(&hash);
	sha256_update(&hash, strlen(assay_html_script), (const uint8_t *)assay_html_script);
	sha256_digest(&hash, sizeof(digest), digest);
	base64_encode_raw(text, sizeof(digest), digest);
	assay_str_add(to, "'sha256-%.*s'", (int)sizeof(text), text);
}
