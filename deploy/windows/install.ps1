<#
.SYNOPSIS
Installs Jamey on Windows, to be started with the host, or takes it away again.

.DESCRIPTION
Jamey is a console program and does not answer Windows' service control manager, so `sc.exe create` or New-Service would start it and end it again
(error 1053). The Task Scheduler starts console programs with the host, as a user of few rights, and again when they fail: that is what is used.

The data folder is made for SYSTEM, administrators and LOCAL SERVICE alone. Windows' files have no modes: those that Jamey makes take over who may
from their folder, and Jamey does not look at it.

To stop the task ends the process at once: what was acknowledged is on disk, and clients see the last will.

.EXAMPLE
powershell -ExecutionPolicy Bypass -File install.ps1 -Binary jamey.exe -Now

.EXAMPLE
powershell -ExecutionPolicy Bypass -File install.ps1 -Remove
#>
[CmdletBinding(SupportsShouldProcess)]
param(
    # The binary.
    [string]$Binary = (Join-Path $PSScriptRoot '..\..\target\release\jamey.exe'),
    # The config to begin with; one that is there already stays.
    [string]$Config = (Join-Path $PSScriptRoot '..\..\config\jamey.toml'),
    # Start it now.
    [switch]$Now,
    # Take the task and the program away. Config and data stay.
    [switch]$Remove
)
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$name = 'Jamey'
$program = Join-Path $env:ProgramFiles 'Jamey'
$house = Join-Path $env:ProgramData 'Jamey'
$data = Join-Path $house 'data'
$written = Join-Path $house 'jamey.toml'

$me = [Security.Principal.WindowsPrincipal][Security.Principal.WindowsIdentity]::GetCurrent()
if (-not $me.IsInRole([Security.Principal.WindowsBuiltInRole]::Administrator)) { throw 'Only an administrator installs it: start PowerShell as administrator.' }

$there = Get-ScheduledTask -TaskName $name -ErrorAction SilentlyContinue
if ($there -and $PSCmdlet.ShouldProcess($name, 'stop')) { Stop-ScheduledTask -TaskName $name }
if ($Remove) {
    if ($there -and $PSCmdlet.ShouldProcess($name, 'take the task away')) { Unregister-ScheduledTask -TaskName $name -Confirm:$false }
    if ((Test-Path $program) -and $PSCmdlet.ShouldProcess($program, 'delete')) { Remove-Item -Recurse $program }
    Write-Output "Config and data stay in ${house}: delete that folder, if nobody needs them."
    exit
}

if (-not (Test-Path $Binary)) { throw "$Binary is not there: build it (cargo build --release), or name it with -Binary." }
& $Binary --version
if ($LASTEXITCODE -ne 0) { throw "$Binary does not run on this host." }

if ($PSCmdlet.ShouldProcess($house, 'make program, config and data')) {
    New-Item -ItemType Directory -Force $program, $house, $data | Out-Null
    Copy-Item $Binary (Join-Path $program 'jamey.exe') -Force
    if (-not (Test-Path $written)) { Copy-Item $Config $written }
    # By their numbers, for their names are other ones in each language: SYSTEM, administrators, LOCAL SERVICE. Nothing is inherited from above.
    & icacls $house /inheritance:r /grant:r '*S-1-5-18:(OI)(CI)F' '*S-1-5-32-544:(OI)(CI)F' '*S-1-5-19:(OI)(CI)RX' | Out-Null
    if ($LASTEXITCODE -ne 0) { throw "$house could not be made private." }
    & icacls $data /grant:r '*S-1-5-19:(OI)(CI)M' | Out-Null
    if ($LASTEXITCODE -ne 0) { throw "$data could not be given to LOCAL SERVICE." }
}

if ($PSCmdlet.ShouldProcess($name, 'register the task')) {
    $run = "run --config `"$written`" --data `"$data`""
    $action = New-ScheduledTaskAction -Execute (Join-Path $program 'jamey.exe') -Argument $run -WorkingDirectory $data
    $settings = New-ScheduledTaskSettingsSet -AllowStartIfOnBatteries -DontStopIfGoingOnBatteries -ExecutionTimeLimit ([TimeSpan]::Zero) `
        -RestartCount 999 -RestartInterval (New-TimeSpan -Minutes 1) -MultipleInstances IgnoreNew
    $settings.Priority = 4
    $user = New-ScheduledTaskPrincipal -UserId 'S-1-5-19' -LogonType ServiceAccount -RunLevel Limited
    Register-ScheduledTask -TaskName $name -Action $action -Trigger (New-ScheduledTaskTrigger -AtStartup) -Settings $settings -Principal $user -Force | Out-Null
}
if ($Now -and $PSCmdlet.ShouldProcess($name, 'start')) { Start-ScheduledTask -TaskName $name }
Write-Output "Config: $written"
Write-Output "For a log: log.file = '$($data -replace '\\', '/')/jamey.log' in it. What a task says to its console nobody sees."
