#!/usr/bin/perl

# Tests for the examples with curl in docs/: they work as they are printed.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new()->has(qw/ http /);

for my $program (qw/ curl jq /) {
    next if grep { -x "$_/$program" } split /:/, $ENV{PATH};

    $t->{skipped} = 1;
    plan(skip_all => "no $program");
}

# the servers of the examples get no queries

$t->write_stream(<<'EOF_CONF', pages => 'metrics status ready control');
dns_cache_zone zone=answers:1m;

dns_upstream internal {
    health_check  off;
    server  192.168.1.10;
    server  127.0.0.1:%%PORT_8089%%  down;
}

server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    dns_cache    answers;
    dns_forward  . internal;
}
EOF_CONF

$t->run();

my $port = $t->port(8080);
my $n = 0;

for my $file (glob "$FindBin::Bin/../docs/*.md") {
    open my $fh, '<', $file or die "$file: $!\n";
    my $text = do { local $/; <$fh> };

    while ($text =~ /^```\w*\n(.*?)^```$/msg) {
        my $block = $1;

        while ($block =~ /^\$ (curl .*)\n((?:(?!\$ ).*\n)*)/mg) {
            example($1, $2);
            $n++;
        }
    }
}

cmp_ok($n, ">", 7, "examples");

$t->plan();


sub example {
    my ($command, $printed) = @_;

    my $run = $command =~ s/127\.0\.0\.1:9153/127.0.0.1:$port/r;
    my $got = `$run 2>/dev/null`;

    is($?, 0, $command);
    unlike($got, qr/^\{"error"/, 'no error');

    # names of what is printed must be there; an answer of JSON is as printed

    if ($printed =~ /^\{".*\}$/) {
        my $like = join '\d+', map { quotemeta } split /\d+/, $printed, -1;
        like($got, qr/^$like$/, 'as printed');
        return;
    }

    for my $name ($printed =~ /^(\w+)\{/mg, $printed =~ /^\s+("\w+":)/mg) {
        like($got, qr/\Q$name\E/, $name);
    }
}
